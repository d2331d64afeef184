//! Secrets in every place that takes one, and every way out of the program: none of them shows.

use std::path::Path;

use base64::Engine as _;

use super::{
    planted::{Place, place, places, site},
    *,
};

/// What gives a secret away: the word, and what Basic makes of it.
fn is_told(bytes: &[u8]) -> bool {
    let basic = |pair: &str| base64::engine::general_purpose::STANDARD.encode(pair);
    let coded = ["user:CANARY-userinfo", "me:CANARY-proxy", "u:CANARY-netrc", "me:CANARY-wrong"].map(basic);
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    has("CANARY") || coded.iter().any(|word| has(word))
}

/// Neither the streams nor any file below the folder has a secret in it.
#[track_caller]
fn assert_silent(what: &str, run: &Run, dir: &Path) {
    assert!(!is_told(&run.stdout) && !is_told(run.stderr.as_bytes()), "{what}: {run}");
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(!is_told(path.to_str().unwrap().as_bytes()), "{what}: {}", path.display());
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let near = memchr::memmem::find(&bytes, b"CANARY").unwrap_or(0);
                let shown = String::from_utf8_lossy(&bytes[near.saturating_sub(100)..(near + 60).min(bytes.len())])
                    .into_owned();
                assert!(!is_told(&bytes), "{what}: {}: {shown}", path.display());
            }
        }
    }
}

/// A run with what these places have.
fn run_of(places: &[&Place], args: &[&str], dir: &Path) -> Fetchall {
    let lines: Vec<&str> = places.iter().flat_map(|place| &place.lines).map(String::as_str).collect();
    let args = args.iter().copied().chain(places.iter().flat_map(|place| &place.args).map(String::as_str));
    let run = fetchall(args).stdin(lines.join("\n")).dir(dir);
    places.iter().flat_map(|place| &place.env).fold(run, |run, (name, value)| run.env(name, value))
}

/// Short of patience.
const USUAL: [&str; 4] = ["-r1", "--backoff=1ms..2ms", "--host-errors=0", "--timeout=5s"];

/// Every file that a run can write, at once.
const LOUD: &[&str] = &[
    "--with=headers,attempts,links,tls",
    "--view=links,meta",
    "-o",
    "out.jsonl",
    "--sink",
    "out.csv",
    "--sink",
    "sqlite:out.db",
    "--save",
    "bodies",
    "--state",
    "state.db",
    "--progress=json",
    "-vvv",
    "--log",
    "run.log",
    "--log-format=json",
    "--trace",
    "run.json",
];

#[tokio::test]
async fn a_secret_in_any_place_is_told_to_nobody_by_any_way_out() {
    let (site, proxy) = (site().await, Proxy::http(Some("me:CANARY-proxy")).await);
    let places = places(&site, &proxy);
    let plain = Place { lines: vec![site.url("/plain"), site.url("/set")], ..place("plain") };
    assert!(places.len() > 16);
    for place in &places {
        let dir = folder();
        let run = run_of(&[place, &plain], &[&["-"], &USUAL[..], LOUD].concat(), &dir).run().await;
        assert_ne!(run.exit, 101, "{run}");
        assert_silent(place.name, &run, &dir);
        // An archive holds content and what servers said as it was, which docs/warc.md says.
        if !matches!(place.name, "content" | "list" | "variables" | "location") {
            let dir = folder();
            let args = [&["-", "--warc", "out.warc", "--cache", "cache", "-f", "text", "-vvv"], &USUAL[..]].concat();
            let run = run_of(&[place, &plain], &args, &dir).run().await;
            assert_silent(place.name, &run, &dir);
        }
        for more in [&["-n"][..], &["--deadline=1ms", "--state", "state.db"], &["--frobnicate"]] {
            let dir = folder();
            let run = run_of(&[place, &plain], &[&["-"], &USUAL[..], more].concat(), &dir).run().await;
            assert_silent(place.name, &run, &dir);
        }
    }
    let asked = site.asks();
    for (name, value) in [
        ("authorization", "Bearer CANARY-bearer"),
        ("cookie", "a=CANARY-cookie"),
        ("x-api-key", "CANARY-key"),
        ("x-auth-token", "CANARY-hostkey"),
        ("authorization", "Bearer CANARY-authfile"),
        ("cookie", "sid=CANARY-jar"),
        ("authorization", "CANARY-json"),
        ("x-api-key", "CANARY-variable"),
    ] {
        assert!(asked.iter().any(|ask| ask.header(name) == Some(value)), "{name}: the server was told");
    }
    assert!(asked.iter().any(|ask| ask.body.ends_with(b"password=CANARY-password")), "the form was sent");
    assert!(proxy.passed().iter().any(|one| one.allowed));
}

#[tokio::test]
async fn all_of_them_at_once_are_told_to_nobody_in_any_format() {
    let (site, proxy) = (site().await, Proxy::http(Some("me:CANARY-proxy")).await);
    let all = places(&site, &proxy);
    let fits =
        |place: &&Place| !place.name.contains("database") && !place.name.contains("prox") && place.name != "variables";
    // What a page says is content; its links are shown as all URLs are.
    let page = place("page").line(site.url("/page")).args(&["--view=links"]);
    let chosen: Vec<&Place> = all.iter().filter(fits).chain([&page]).collect();
    for format in ["text", "jsonl", "json", "csv", "tsv", "none"] {
        for progress in ["plain", "json", "none"] {
            let dir = folder();
            let (format, progress) = (format!("--format={format}"), format!("--progress={progress}"));
            let args = [&["-", &format, &progress, "--with=headers,attempts,links"][..], &USUAL].concat();
            let run = run_of(&chosen, &args, &dir).run().await;
            assert!(run.exit == 1 && (format.ends_with("none") || !run.stdout.is_empty()), "{run}");
            assert_silent(&format, &run, &dir);
        }
    }
}

/// Places whose flags every command has.
const ALONE: [&str; 9] =
    ["authorization", "cookie", "key", "netrc", "auth file", "cookie file", "proxy", "no proxy", "client key"];

/// What a place gives beside lines of a list.
fn alone(all: &[Place], name: &'static str) -> Place {
    let place = all.iter().find(|place| place.name == name).unwrap();
    Place { lines: Vec::new(), args: place.args.clone(), env: place.env.clone(), name }
}

#[tokio::test]
async fn a_check_tells_none_either() {
    let (site, proxy) = (site().await, Proxy::http(Some("me:CANARY-proxy")).await);
    let all = places(&site, &proxy);
    let seed = site.url("/").replace("http://", "http://me:CANARY-seed@");
    let lines: String = all
        .iter()
        .flat_map(|place| &place.lines)
        .filter(|line| line.starts_with("http"))
        .map(|line| format!("<{line}>\n[x]({line})\n"))
        .collect();
    let page = file("page.md", &lines);
    let reports = ["junit", "sarif", "github", "gitlab", "checkstyle", "rdjsonl", "markdown", "text", "json", "jsonl"];
    let reports: Vec<String> = reports.iter().map(|kind| format!("--report={kind}=report.{kind}")).collect();
    for name in ALONE {
        let given = alone(&all, name);
        let patience = ["-r0", "--timeout=5s", "--host-errors=0"];
        let mut check = vec![
            "check",
            &*page,
            &*seed,
            "--state",
            "state.db",
            "--cache",
            "cache.db",
            "--update-baseline",
            "--baseline",
            "base.json",
            "--second-round=off",
            "--trace=run.json",
            "-vvv",
        ];
        check.extend(reports.iter().map(String::as_str));
        let dir = folder();
        let run = run_of(&[&given], &[&check[..], &patience].concat(), &dir).run().await;
        assert!(run.exit != 2 && run.exit != 101, "{run}");
        assert_silent(name, &run, &dir);
        for ending in [&["--deadline=300ms"][..], &["-f", "jsonl"]] {
            let run = run_of(
                &[&given],
                &[&["check", &*page, &*seed, "--state", "state.db"][..], &patience, ending].concat(),
                &dir,
            )
            .run()
            .await;
            assert_silent(name, &run, &dir);
        }
    }
}

#[tokio::test]
async fn a_crawl_tells_none_either() {
    let (site, proxy) = (site().await, Proxy::http(Some("me:CANARY-proxy")).await);
    let all = places(&site, &proxy);
    let seed = site.url("/").replace("http://", "http://me:CANARY-seed@");
    let patience = ["-r0", "--timeout=5s", "--host-errors=0"];
    for name in ALONE {
        let given = alone(&all, name);
        let dir = folder();
        let crawl = [
            "crawl",
            &seed,
            "--scope=any",
            "--state",
            "state.db",
            "-o",
            "out.jsonl",
            "--with=headers,attempts,links,skipped",
            "--warc",
            "out.warc",
            "--trace=run.json",
            "-vvv",
        ];
        let run = run_of(&[&given], &[&crawl[..], &patience].concat(), &dir).run().await;
        assert!(run.exit != 2 && run.exit != 101, "{run}");
        assert_silent(name, &run, &dir);
    }
}

#[tokio::test]
async fn what_is_stopped_says_how_to_go_on_and_no_secret() {
    let site =
        Site::start(|ask| if ask.path == "/slow" { Reply::text("x").after(secs(20)) } else { Reply::text("x") }).await;
    let secret = site.url("/slow").replace("http://", "http://me:CANARY@");
    for flags in [
        &["-H", "X-Api-Key: CANARY"][..],
        &["-d", "CANARY"],
        &["--sink", "sqlite:CANARY-is-a-name.db", &secret],
        &["-x", "http://me:CANARY@127.0.0.1:1", "--no-proxy=*"],
        &[&secret],
    ] {
        let dir = folder();
        let urls = [site.url("/1"), site.url("/slow")];
        let args: Vec<&str> =
            urls.iter().map(String::as_str).chain(["--state=state.db", "-c1"]).chain(flags.iter().copied()).collect();
        let mut child = fetchall(args).dir(&dir).start();
        child.line().await;
        child.signal(Signal::INT);
        child.signal(Signal::INT);
        let run = child.wait().await;
        let told = run.to_string().replace("CANARY-is-a-name", "");
        assert!(run.exit == 130 && !told.contains("CANARY"), "{run}");
    }
}

#[tokio::test]
async fn a_value_that_is_refused_is_shown_without_its_password() {
    let site = Site::start(|_| Reply::text("x")).await;
    let url = site.url("/");
    for flags in [
        &["fetch", "--sink", "postgres://me:CANARY@h/db?x=1"][..],
        &["fetch", "--sink", "postgres://me:CAN/CANARY@h/db"],
        &["fetch", "--sink", "redis://me:CANARY@h/0"],
        &["fetch", "-x", "ftp://me:CANARY@h/"],
        &["fetch", "-x", "http://me:CANARY/x@h/"],
        &["fetch", "-H", "Authorization Bearer CANARY"],
        &["fetch", "-H", "X: CANARY\u{1}"],
        &["fetch", "--timeout", "http://me:CANARY@h/"],
        &["fetch", "--contact", "http://me:CANARY@h/ x"],
        &["fetch", "--resolve", "http://me:CANARY@h/"],
        &["fetch", "--format", "http://me:CANARY@h/"],
        &["fetch", "--frob", "http://me:CANARY@h/"],
        &["fetch", "--retries=http://me:CANARY@h/"],
        &["fetch", "--include", "http://me:CANARY@h/("],
        &["check", "--base-url", "ftp://me:CANARY@h/"],
        &["check", "--base-url", "http://me:CANARY@["],
        &["check", "--remap", "http://me:CANARY@h/("],
        &["crawl", "--depth", "http://me:CANARY@h/"],
        &["check", "http://me:CANARY@["],
        &["crawl", "http://me:CANARY@["],
        &["crawl", "ftp://me:CANARY@h/"],
        &["fetch", "--resume", "http://me:CANARY@h/"],
        &["fetch", "--auth-file", "/dev/null/none"],
        &["fetch", "--report-errors", "https://CANARY@h/"],
        &["fetch", "--metrics", "http://me:CANARY@h/"],
    ] {
        let run = fetchall([flags, &[&url]].concat()).run().await;
        assert!(!run.to_string().contains("CANARY"), "{flags:?} {run}");
    }
    for (name, value) in [
        ("FETCHALL_HEADER", "Authorization CANARY"),
        ("FETCHALL_PROXY", "ftp://me:CANARY@h/"),
        ("FETCHALL_SINK", "postgres://me:CANARY@h/db?x=1"),
        ("FETCHALL_TIMEOUT", "http://me:CANARY@h/"),
        ("FETCHALL_DTAA", "CANARY"),
        ("http_proxy", "http://me:CANARY@["),
        ("HTTPS_PROXY", "ftp://me:CANARY@h:1"),
        ("FETCHALL_REPORT_ERRORS", "https://CANARY@h/1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:CANARY@127.0.0.1:1/"),
    ] {
        let run = fetchall(["fetch", &url, "-r0"]).env(name, value).run().await;
        assert!(!run.to_string().contains("CANARY"), "{name} {run}");
    }
}

#[tokio::test]
async fn files_that_hold_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = site().await;
    let dir = folder();
    let args = ["--cookies", "jar.txt", "--warc", "out.warc", "--warc-redact", "off", "-H", "X-Api-Key: CANARY"];
    let run = fetchall([&[&*site.url("/set")][..], &args].concat()).dir(&dir).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for name in ["jar.txt", "out.warc"] {
        let path = dir.join(name);
        assert!(fs::read_to_string(&path).unwrap().contains("CANARY"), "{name}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}
