//! Strangers' links: what the user gave for a site goes to that site, whoever links elsewhere.

use super::*;

/// The two fields of [`GIVEN`] and the credentials of a URL that a request carries.
fn carries(ask: &Ask) -> usize {
    ["authorization", "x-api-key"].iter().filter(|name| ask.header(name).is_some()).count()
}

const GIVEN: [&str; 4] = ["-H", "Authorization: Bearer CANARY", "-H", "X-Api-Key: CANARY"];

fn links(urls: &[String]) -> String {
    urls.iter().map(|url| format!("<a href='{url}'>x</a>")).collect()
}

#[tokio::test]
async fn a_link_check_tells_strangers_nothing() {
    let other = Site::start_at([127, 0, 0, 3], |_| Reply::html("<a id=x>")).await;
    let page = links(&["/a".to_owned(), other.url("/x"), other.url("/y#x")]);
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { page.as_str() } else { "" })).await;
    let start = site.url("/");
    for extra in [&[][..], &["--recurse"], &["--robots=obey"]] {
        let args = [&["check", &*start][..], &GIVEN, extra].concat();
        let run = fetchall(args).run().await;
        assert_eq!(run.exit, 0, "{run}");
    }
    assert!(other.hits("/x") >= 2 && other.hits("/y") >= 2 && other.hits("/robots.txt") >= 1);
    other.asks().iter().for_each(|ask| assert_eq!(carries(ask), 0, "{ask:?}"));
    site.asks().iter().for_each(|ask| assert_eq!(carries(ask), 2, "{ask:?}"));
}

#[tokio::test]
async fn files_name_no_site_so_their_links_get_no_fields_unless_all_are_named() {
    let site = Site::start(|_| Reply::html("")).await;
    let page = file("page.html", &links(&[site.url("/x")]));
    let run = fetchall([&["check", &*page][..], &GIVEN].concat()).run().await;
    assert!(run.exit == 0 && run.stderr.contains("the fields of --header go to no link"), "{run}");
    let host = format!("{}=X-Api-Key: CANARY", site.addr());
    for field in ["*=X-Api-Key: CANARY", &host] {
        let run = fetchall(["check", &*page, "-H", field]).run().await;
        assert!(run.exit == 0 && !run.stderr.contains("go to no link"), "{run}");
    }
    let told: Vec<_> = site.asks().iter().map(carries).collect();
    assert_eq!(told, [0, 1, 1]);
}

#[tokio::test]
async fn a_site_that_a_remap_leads_to_is_named_by_it() {
    let (staging, other) = (Site::start(|_| Reply::html("")).await, Site::start(|_| Reply::html("")).await);
    let page = file("page.html", &links(&["https://live.test/x".to_owned(), other.url("/x")]));
    let remap = format!("^https://live\\.test/(.*) {}$1", staging.url("/"));
    let run = fetchall([&["check", &*page, "--remap", &*remap][..], &GIVEN].concat()).run().await;
    assert!(run.exit == 0 && !run.stderr.contains("go to no link"), "{run}");
    let told = |site: &Site| site.asks().iter().map(carries).collect::<Vec<_>>();
    assert_eq!((told(&staging), told(&other)), (vec![2], vec![0]));
}

/// A site that asks for client certificates and links to `others`.
async fn asking(others: Vec<String>) -> Site {
    let tls = Tls::new(Cert::Good).asking_for_certificates();
    let page = links(&others);
    Site::start_tls(tls, move |ask| match ask.path.strip_prefix("/to?") {
        Some(to) => Reply::redirect(302, to),
        None => Reply::html(if ask.path == "/" { page.as_str() } else { "" }),
    })
    .await
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_the_sites_that_were_named_alone() {
    let (ca, cert) = (file("ca.pem", &ca_pem()), file("client.pem", &client_pem()));
    let other = asking(Vec::new()).await;
    let site = asking(vec!["/a".to_owned(), other.url("/linked")]).await;
    let trust = ["--ca", &ca, "--cert", &cert, "-r0"];
    let to = site.url(&format!("/to?{}", other.url("/redirected")));
    let back = site.url(&format!("/to?{}", other.url(&format!("/to?{}", site.url("/back")))));
    for args in [
        &[&*to, &back, &site.url("/b")][..],
        &["crawl", &site.url("/"), "--scope=any"],
        &["crawl", &site.url("/"), "--check-links"],
        &["check", &site.url("/")],
        &["check", &site.url("/"), "--robots=obey"],
    ] {
        let run = fetchall([args, &trust].concat()).run().await;
        assert_eq!(run.exit, 0, "{run}");
    }
    assert!(other.hits("/linked") >= 3 && other.hits("/redirected") == 1);
    other.asks().iter().for_each(|ask| assert!(!ask.certified, "{ask:?}"));
    site.asks().iter().for_each(|ask| assert_eq!(ask.certified, ask.path != "/back", "{ask:?}"));
}
