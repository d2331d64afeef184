//! What files are called.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn whatever_a_url_is_its_body_is_in_a_file_of_its_own_below_the_folder() {
    let site = Site::start(|ask| Reply::text(ask.path.as_str())).await;
    let shelf = Shelf::new();
    let long = "x".repeat(300);
    let deep = "d/".repeat(400);
    let rests = [
        "",
        "a",
        "a/",
        "a/b",
        "a/b/",
        "A",
        "a.html",
        "a.html/b",
        "a+",
        "a+.html",
        "index.html",
        "index",
        "a?",
        "a?b",
        "a?b=c/../../d",
        "a~b",
        "?x",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%5c%2e%2e%5cwin.ini",
        "%00",
        "%0d%0a",
        "con",
        "NUL.txt",
        "com1",
        ".git/config",
        ".htaccess",
        "-rf",
        "a.",
        "a%20",
        "a:b",
        "a|b",
        "$(id)",
        "%E4%BD%A0",
        "~u/",
        "x//y",
        "x/y",
        "a.part",
        "%2Ea.part",
        &long,
        &deep,
    ];
    let list: String = rests.iter().map(|rest| site.url(&format!("/{rest}")) + "\n").collect();
    let run = shelf.save(["-"]).stdin(list).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let records = run.records();
    let mut paths = BTreeSet::new();
    for record in &records {
        let path = record["url"].as_str().unwrap().strip_prefix(&site.url("")).unwrap().to_owned();
        assert_eq!(shelf.saved(record), path.as_bytes(), "{record}");
        paths.insert(record["saved"]["path"].as_str().unwrap().to_owned());
    }
    assert_eq!((paths.len(), records.len()), (rests.len(), rests.len()));
    let all = shelf.all("pages");
    let folder = format!("127.0.0.1+{}/", site.addr().port());
    assert!(all.len() == rests.len() && all.iter().all(|name| name.starts_with(&folder)), "{all:?}");
    assert_eq!(shelf.all("").len(), all.len(), "nothing is anywhere else");
    for (path, name) in [("/", "index.txt"), ("/a", "a+.txt"), ("/a/b", "a/b+.txt"), ("/a.html", "a.html")] {
        let record = records.iter().find(|record| record["url"] == site.url(path)).unwrap();
        assert_eq!(record["saved"]["path"], format!("pages/{folder}{name}"));
    }
}

#[tokio::test]
async fn what_a_server_says_of_names_is_data() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/to" => Reply::redirect(302, "/..%2f..%2fevil.sh"),
        _ => Reply::text("x").header("content-disposition", "attachment; filename=\"../../evil.sh\""),
    })
    .await;
    let shelf = Shelf::new();
    let run = shelf.save([site.url("/a.txt").as_str(), &site.url("/to")]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let all = shelf.all("");
    assert!(all.len() == 2 && all.iter().all(|name| !name.contains("evil")), "{all:?}");
}

#[tokio::test]
async fn a_template_names_files_and_no_two_have_one() {
    let site = Site::start(|ask| Reply::of("image/png", ask.path.as_str())).await;
    let shelf = Shelf::new();
    let urls = ["/a/logo.png", "/b/logo.png", "/c/logo.png", "/d/other.png"].map(|path| site.url(path));
    let run = shelf.save(urls.iter().map(String::as_str).chain(["--save-name={name}", "-c1"])).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for record in run.records() {
        let body = shelf.saved(&record);
        assert!(record["url"].as_str().unwrap().ends_with(std::str::from_utf8(&body).unwrap()), "{record}");
    }
    let all = shelf.all("pages");
    assert!(all.len() == 4 && all.contains(&"logo.png".into()) && all.contains(&"other.png".into()), "{all:?}");
    let other = Shelf::new();
    let run = other.save(urls.iter().map(String::as_str).chain(["--save-name=pictures/{seq}{ext}"])).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(other.all("pages/pictures"), ["0.png", "1.png", "2.png", "3.png"]);
}

#[tokio::test]
async fn requests_of_one_url_do_not_share_a_file() {
    let site = Site::start(|ask| Reply::text(format!("{} {}", ask.method, ask.hit))).await;
    let shelf = Shelf::new();
    let url = site.url("/a.txt");
    let list = format!(
        "{{\"url\":\"{url}\"}}\n{{\"url\":\"{url}\",\"method\":\"POST\",\"body\":\"x\"}}\n\
         {{\"url\":\"{url}\",\"headers\":{{\"accept-language\":\"de\"}}}}\n"
    );
    let run = shelf.save(["-", "--input-format=jsonl"]).stdin(list).run().await;
    assert_eq!((run.exit, shelf.all("pages").len()), (0, 3), "{run}");
    run.records().iter().for_each(|record| drop(shelf.saved(record)));
    let again = Shelf::new();
    let run = again.save([url.as_str(), &url, "--dedupe=none"]).run().await;
    assert_eq!((run.exit, again.all("pages").len()), (0, 2), "{run}");
    run.records().iter().for_each(|record| drop(again.saved(record)));
    let secret = Shelf::new();
    let with_user = url.replace("http://", "http://me:hunter2@");
    let run = secret.save([url.as_str(), &with_user]).run().await;
    let all = secret.all("pages");
    assert!(all.len() == 2 && !all.iter().any(|name| name.contains("hunter2") || name.contains("me:")), "{run}{all:?}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_sent_or_made() {
    let site = Site::start(|_| Reply::text("x")).await;
    let shelf = Shelf::new();
    fs::write(shelf.path("file"), "x").unwrap();
    let url = site.url("/");
    for (args, told) in [
        (&["--save=new", "--save-name={hots}"][..], "{host}"),
        (&["--save=new", "--save-name=../{name}"], "begins with"),
        (&["--save=new", "--save-by=hash", "--save-name={name}"], "--save-name"),
        (&["--save-name={name}"], "--save"),
        (&["--save=file"], "no folder"),
        (&["--save=new", "--dry-run"], "--dry-run"),
    ] {
        let run = fetchall([&[url.as_str()], args].concat()).dir(shelf.0.path()).run().await;
        assert_eq!(run.exit, 2, "{args:?}: {run}");
        assert!(run.stderr.contains(told), "{args:?}: {run}");
    }
    let crawl = fetchall(["crawl", &url, "--save=new", "--save-name={seq}"]).dir(shelf.0.path()).run().await;
    assert!(crawl.exit == 2 && crawl.stderr.contains("{seq}"), "{crawl}");
    assert_eq!((site.connections(), shelf.path("new").exists()), (0, false));
}
