//! Links to addresses.

use std::time::{Duration, Instant};

use fetchall::{
    check::{
        cache::{Ages, Cache},
        grace::Histories,
    },
    engine::Stop,
    model::{Code, Severity},
};

use super::*;
use crate::support::*;

fn methods(site: &Site, path: &str) -> Vec<String> {
    site.asks().into_iter().filter(|ask| ask.path == path).map(|ask| ask.method).collect()
}

#[tokio::test]
async fn an_address_is_asked_once_however_many_links_and_fragments_it_has() {
    let site = Site::start(|_| Reply::html("<title>x</title><h1 id=a>x</h1><p id='b c'>")).await;
    let url = site.url("/p");
    let links: String = (0..50).map(|_| format!("[1]({url}) [2]({url}#a) [3]({url}#b%20c) [4]({url}#A)\n")).collect();
    let dir = folder(&[("a.md", &links), ("b.md", &format!("[x]({url}#none) [y]({})", site.url("/head")))]);
    let checked = check(plan(dir.path())).await;
    assert_eq!((methods(&site, "/p"), methods(&site, "/head")), (vec!["GET".to_owned()], vec!["HEAD".to_owned()]));
    assert_eq!(checked.found.len(), 51, "{:?}", checked.told());
    let near = checked.found.iter().find(|one| one.fragment.as_deref() == Some("A")).unwrap();
    assert_eq!(near.suggestion.as_ref().unwrap().url, format!("{url}#a"));
    assert_eq!((checked.end.requests, checked.end.targets), (2, 2));
}

#[tokio::test]
async fn where_head_is_refused_get_is_asked_and_its_word_counts() {
    let site = Site::start(|ask| match (ask.method.as_str(), ask.path.as_str()) {
        ("HEAD", "/405") => Reply::status(405),
        ("HEAD", "/404") => Reply::status(404),
        ("HEAD", "/501") => Reply::status(501),
        ("HEAD", "/reset") => Reply::reset(),
        (_, "/403") => Reply::status(403),
        (_, "/gone") => Reply::status(410),
        _ => Reply::text("x"),
    })
    .await;
    let paths = ["/405", "/404", "/501", "/reset", "/403", "/gone", "/fine"];
    let checked = check(list(&paths.map(|path| site.url(path)))).await;
    assert_eq!(checked.told(), [format!("blocked {}", site.url("/403")), format!("dead {}", site.url("/gone"))]);
    for path in &paths[..6] {
        let mut asked = methods(&site, path);
        // A connection that is reset may have been an old one: then the request is repeated unseen.
        asked.dedup();
        assert_eq!(asked, ["HEAD", "GET"], "{path}");
    }
    assert_eq!(methods(&site, "/fine"), ["HEAD"]);
    let gone = checked.found.iter().find(|one| !one.ok).unwrap();
    assert_eq!((gone.status, gone.error.as_ref().map(|error| error.code)), (Some(410), Some(Code::HttpClientError)));
}

#[tokio::test]
async fn what_asks_for_patience_or_is_not_for_programs_is_not_dead() {
    let wall = "<title>Just a moment...</title><p>Checking your browser";
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/429" => Reply::status(429),
        "/later" => Reply::status(429).header("retry-after", "99999"),
        "/busy" => Reply::status(503).header("retry-after", "99999"),
        "/999" => Reply::status(999),
        "/wall" => Reply::html(wall).with_status(403),
        "/busy-wall" => Reply::html(wall).with_status(503),
        "/quiet-wall" => Reply::html(wall),
        "/head-only-fails" if ask.method == "HEAD" => Reply::stall("").after(ms(50)),
        _ => Reply::html("<h1 id=a>x</h1>"),
    })
    .await;
    let paths = ["/429", "/later", "/busy", "/999", "/wall", "/busy-wall", "/quiet-wall#a", "/head-only-fails"];
    let mut wanted = list(&paths.map(|path| site.url(path)));
    wanted.fetch.times.headers = Some(ms(400));
    let told = check(wanted).await.told();
    let of = |path: &str| told.iter().find(|line| line.split('#').next().unwrap().ends_with(path)).cloned();
    assert!(!told.iter().any(|line| line.starts_with("dead")), "{told:?}");
    for (path, rule) in [("/429", "limited"), ("/later", "limited"), ("/busy", "limited"), ("/999", "blocked")] {
        assert!(of(path).is_some_and(|line| line.starts_with(rule)), "{path}: {told:?}");
    }
    for path in ["/wall", "/busy-wall", "/quiet-wall"] {
        assert!(of(path).is_some_and(|line| line.starts_with("blocked")), "{path}: {told:?}");
    }
    assert_eq!(of("/head-only-fails"), None, "{told:?}");
}

#[tokio::test]
async fn anchors_are_looked_for_in_the_decoded_document() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/packed" => Reply::gzip("<p id='deep'>x"),
        "/latin" => Reply::of("text/html; charset=windows-1252", b"<p id='caf\xe9'>x".as_slice()),
        "/meta" => Reply::of("text/html", b"<meta charset=iso-8859-2><p id='\xb1'>x".as_slice()),
        "/wide" => Reply::of("text/html; charset=utf-16le", wide("<p id='caf\u{e9}'>x")),
        _ => Reply::html("<a name='a&amp;b'>x</a>"),
    })
    .await;
    let good = ["/packed#deep", "/latin#caf%C3%A9", "/meta#%C4%85", "/wide#caf%C3%A9", "/entity#a&b"];
    let bad = ["/packed#shallow", "/latin#caf%E9x", "/wide#cafe"];
    let checked = check(list(&[&good[..], &bad].concat().iter().map(|path| site.url(path)).collect::<Vec<_>>())).await;
    let missing: Vec<String> = checked.told().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(missing, ["missing_anchor"; 3], "{:?}", checked.told());
}

#[tokio::test]
async fn what_seems_dead_is_asked_once_more_alone_on_a_fresh_connection() {
    let site = Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/flaky", 0..=3) => Reply::status(500),
        ("/dead", _) => Reply::status(500),
        ("/reset", _) => Reply::reset(),
        _ => Reply::text("x"),
    })
    .await;
    let urls = ["/flaky", "/dead", "/reset", "/missing404"].map(|path| site.url(path));
    let checked = check(list(&urls)).await;
    let expected =
        [format!("dead {}", site.url("/dead")), format!("dead {}", site.url("/reset")), format!("flaky {}", urls[0])];
    assert_eq!(checked.told(), expected);
    // HEAD, GET with two more tries, and once at the end
    assert_eq!((site.hits("/flaky"), site.hits("/dead")), (5, 5));
    let flaky = checked.found.iter().find(|one| one.ok).unwrap();
    assert_eq!((flaky.attempts, flaky.severity), (4, Severity::Off));
    let mut without = list(&urls[1..2]);
    without.reach.second_round = false;
    check(without).await;
    assert_eq!(site.hits("/dead"), 9);
}

#[tokio::test]
async fn a_slow_host_in_front_does_not_hold_up_a_fast_one() {
    let slow = Site::start_at([127, 0, 0, 2], |_| Reply::text("x").after(ms(300))).await;
    let fast = Site::start(|_| Reply::text("x")).await;
    let mut urls: Vec<String> = (0..100).map(|n| slow.url(&format!("/{n}"))).collect();
    urls.extend((0..100).map(|n| fast.url(&format!("/{n}"))));
    let mut plan = list(&urls);
    plan.all = true;
    plan.fetch.limits.host.in_flight = 4.try_into().unwrap();
    let mut run = Checker::new(plan).unwrap().start();
    let (begun, host) = (Instant::now(), fast.addr().to_string());
    let mut left = 100;
    while left > 0 {
        let finding = run.findings.recv().await.unwrap();
        left -= u32::from(finding.host.as_deref() == Some(&host));
    }
    assert!(begun.elapsed() < secs(4), "{:?}", begun.elapsed());
    assert!(slow.asks().len() < 90);
    run.handle.stop(Stop::Asked);
    while run.findings.recv().await.is_some() {}
    assert_eq!(run.end.await.unwrap().stopped, Some(Stop::Asked));
}

#[tokio::test]
async fn stopping_leaves_no_link_without_a_word() {
    let site = Site::start(|_| Reply::text("x").after(secs(60))).await;
    let urls: Vec<String> = (0..50).map(|n| site.url(&format!("/{n}"))).collect();
    let mut run = Checker::new(list(&urls)).unwrap().start();
    while site.asks().is_empty() {
        tokio::time::sleep(ms(5)).await;
    }
    run.handle.stop(Stop::Deadline);
    let mut told = 0;
    while let Some(finding) = run.findings.recv().await {
        assert!(!finding.ok && finding.rule.is_none(), "{finding:?}");
        told += 1;
    }
    assert_eq!((told, run.end.await.unwrap().stopped), (50, Some(Stop::Deadline)));
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_check() {
    let site = Site::start(|_| Reply::text("x").after(secs(60))).await;
    let run = Checker::new(list(&[site.url("/")])).unwrap().start();
    drop(run.findings);
    let end = tokio::time::timeout(secs(5), run.end).await.unwrap().unwrap();
    assert_eq!(end.stopped, Some(Stop::Gone));
}

#[tokio::test]
async fn redirects_carry_fragments_and_moves_for_good_are_suggested() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/old" => Reply::redirect(301, "/new"),
        "/to-part" => Reply::redirect(302, "/new#b"),
        "/loop" => Reply::redirect(302, "/loop"),
        _ => Reply::html("<p id=a><p id=b>"),
    })
    .await;
    let urls = ["/old#a", "/old#zzz", "/to-part#zzz", "/loop"].map(|path| site.url(path));
    let checked = check(list(&urls)).await;
    let expected = [
        format!("dead {}", urls[3]),
        format!("missing_anchor {}", urls[1]),
        format!("redirected {} = {}", urls[0], site.url("/new#a")),
    ];
    assert_eq!(checked.told(), expected);
    let moved = checked.found.iter().find(|one| one.suggestion.is_some()).unwrap();
    assert_eq!((moved.final_url.clone(), moved.redirects.len()), (Some(site.url("/new").into()), 1));
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let site = Site::start(|ask| match ask.header("authorization") {
        Some("Basic dTpzZWNyZXQ=") => Reply::status(404),
        _ => Reply::status(401),
    })
    .await;
    let url = format!("http://u:secret@{}/x", site.addr());
    let checked = check(list(&[url])).await;
    let finding = checked.only();
    assert_eq!(finding.status, Some(404));
    assert!(!serde_json::to_string(finding).unwrap().contains("secret"));
}

#[tokio::test]
async fn the_cache_answers_while_it_is_fresh_and_asks_whether_it_holds_after_that() {
    let site = Site::start(|ask| match ask.header("if-none-match") {
        Some(_) => Reply::status(304).header("etag", "\"1\""),
        None => Reply::html("<p id=a>").header("etag", "\"1\""),
    })
    .await;
    let urls = [site.url("/x#a"), site.url("/x#b")];
    let with = |ages, cache| {
        let mut plan = list(&urls);
        plan.memory.cache = Some((ages, cache));
        plan
    };
    let first = check(with(Ages::default(), Cache::default())).await;
    let (_, cache) = first.end.memory.cache.unwrap();
    assert_eq!((first.found.len(), cache.len(), first.end.requests), (1, 1, 1));
    let second = check(with(Ages::default(), cache.clone())).await;
    assert_eq!((second.found.len(), second.end.requests), (1, 0));
    let stale = Ages { good: Duration::ZERO, bad: Duration::ZERO };
    let third = check(with(stale, cache.clone())).await;
    assert_eq!((third.found.len(), third.end.requests, site.hits("/x")), (1, 1, 2));
    let mut offline = with(stale, cache);
    offline.reach.offline = true;
    let fourth = check(offline).await;
    assert_eq!((fourth.found.len(), fourth.end.requests), (1, 0));
    let mut unknown = list(&urls);
    unknown.reach.offline = true;
    unknown.all = true;
    let fifth = check(unknown).await;
    assert!(fifth.found.iter().all(|one| one.ok && one.skip.as_ref().is_some_and(|skip| skip.code == Code::Excluded)));
}

#[tokio::test]
async fn what_worked_before_is_given_grace() {
    let site =
        Site::start(|ask| if ask.path == "/new" || ask.hit > 1 { Reply::status(410) } else { Reply::text("x") }).await;
    let urls = [site.url("/once"), site.url("/new")];
    let with = |histories| {
        let mut plan = list(&urls);
        plan.memory.grace = Some((secs(3600), histories));
        plan
    };
    let first = check(with(Histories::default())).await;
    assert_eq!(first.told(), [format!("dead {}", urls[1])]);
    check(list(&urls[..1])).await;
    let second = check(with(first.end.memory.grace.unwrap().1)).await;
    let graced = second.found.iter().find(|one| one.source.raw.ends_with("/once")).unwrap();
    assert!(
        graced.ok && graced.severity == Severity::Warning && graced.message().contains("counts from"),
        "{graced:?}"
    );
    assert_eq!(second.found.iter().filter(|one| !one.ok).count(), 1);
}

#[tokio::test]
async fn words_of_a_page_are_looked_for() {
    let site = Site::start(|_| Reply::html("<p>Some <i>fine</i> words</p>")).await;
    let urls = ["/#:~:text=fine%20words", "/#:~:text=other%20words"].map(|path| site.url(path));
    let checked = check(list(&urls)).await;
    assert_eq!(checked.told(), [format!("missing_anchor {}", urls[1])]);
    assert_eq!(site.asks().len(), 1);
}
