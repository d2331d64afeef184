//! `fetchall.toml`: which file counts for what, and what is said of mistakes in it.

use serde_json::Value;

use super::support::{Reply, Shelf, Site, fetchall};

/// A folder with a repository's root, and in it this file.
fn repository(toml: &str) -> Shelf {
    let shelf = Shelf::new();
    std::fs::create_dir_all(shelf.path(".git")).unwrap();
    std::fs::create_dir_all(shelf.path("deep/er")).unwrap();
    std::fs::write(shelf.path("fetchall.toml"), toml).unwrap();
    shelf
}

#[tokio::test]
async fn a_file_sets_flags_under_the_environment_under_the_command_line() {
    let shelf = repository("concurrency = 3\ntimeout = \"5s\"\nretries = 1\n[check]\ntimeout = \"7s\"\n");
    let show = |args: &[&str]| {
        let shelf = shelf.path("deep/er");
        fetchall([&["config", "show"], args].concat()).dir(shelf)
    };
    let fetch = show(&[]).env("FETCHALL_RETRIES", "4").run().await;
    assert_eq!(fetch.exit, 0, "{}", fetch.stderr);
    let file = shelf.path("fetchall.toml");
    let has = |text: &str, start: &str, end: &str| {
        assert!(text.lines().any(|line| line.starts_with(start) && line.ends_with(end)), "{start} … {end}\n{text}");
    };
    has(fetch.text(), "concurrency = 3 ", &format!("# {}:1", file.display()));
    has(fetch.text(), "timeout = \"5s\" ", &format!("# {}:2", file.display()));
    has(fetch.text(), "retries = 4 ", "# FETCHALL_RETRIES");
    has(fetch.text(), "# redirects = 10 ", "# default");
    has(show(&["check"]).run().await.text(), "timeout = \"7s\" ", &format!("# {}:5", file.display()));
}

#[tokio::test]
async fn what_a_file_says_shapes_the_run() {
    let site = Site::start(|ask| match ask.header("x-key") {
        Some(key) if ask.path == "/" => Reply::html(format!("<title>{key}</title><h1>Here</h1>")),
        _ => Reply::status(404),
    })
    .await;
    let host = site.url("/").split('/').nth(2).unwrap().to_owned();
    let shelf = repository(&format!(
        "accept = \"2xx\"\nretries = 0\n[fetch]\nselect = {{ top = \"h1\" }}\n[host.\"{host}\"]\nheader = {{ X-Key = \"told\" }}\n"
    ));
    let run = shelf.fetchall(&[&site.url("/")]).run().await;
    let record = run.record(0);
    assert_eq!((&record["title"], &record["data"]["top"]), (&Value::from("told"), &Value::from("Here")));
    let asks = site.asks().len();

    // what is said of a host stands beside what is typed, and --no-config leaves all of it
    let run = shelf.fetchall(&[&site.url("/"), "-H", "X-Other: 1"]).run().await;
    assert_eq!(run.record(0)["title"], "told");
    assert_eq!(site.asks()[asks].header("x-other"), Some("1"));
    let run = shelf.fetchall(&[&site.url("/"), "--no-config"]).run().await;
    assert_eq!((run.exit, &run.record(0)["status"]), (1, &Value::from(404)));
}

#[tokio::test]
async fn a_typed_flag_replaces_a_list_and_a_switch_can_be_turned_off_nearer() {
    let shelf = repository("with = [\"headers\"]\nordered = true\n");
    std::fs::write(shelf.path("deep/fetchall.toml"), "extends = \"../fetchall.toml\"\nordered = false\n").unwrap();
    let show = fetchall(["config", "show"]).dir(shelf.path("deep")).run().await;
    assert!(show.text().contains("with = \"headers\"") && !show.text().contains("\nordered"), "{}", show.text());

    let site = Site::start(|_| Reply::html("x")).await;
    let run = fetchall([&site.url("/"), "--with", "attempts"]).dir(shelf.path("deep")).run().await;
    let record = run.record(0);
    assert!(record["attempt_log"].is_array() && record.get("headers").is_none(), "{record}");
}

#[tokio::test]
async fn a_mistake_is_told_with_its_line_before_anything_is_sent() {
    let site = Site::start(|_| Reply::html("x")).await;
    for (toml, told) in [
        (
            "concurency = 3",
            &[
                "unknown key `concurency`",
                "fetchall.toml:1:1",
                "1 | concurency\n",
                "^^^^^^^^^^",
                "did you mean `concurrency`?",
            ][..],
        ),
        ("rate_per_host = \"1/s\"", &["did you mean `rate-per-host`?"]),
        ("[chekc]\nx = 1", &["unknown key `chekc`", "did you mean `check`?"]),
        ("[extract]\nconcurrency = 1", &["it is a flag of another command than `extract`"]),
        ("\n\ntimeout = \"soon\"", &["is not a duration", "the value comes from", "fetchall.toml:3"]),
        ("quiet = 1", &["`quiet` is true or false", "1:9"]),
        ("timeout = [1, 2]", &["`timeout` takes one value"]),
        ("timeout = ", &["is not TOML", "line 1, column 11"]),
        ("[host.\"h\"]\ntimeout = 3", &["unknown key `timeout` of a host", "per-host"]),
        ("[rules]\n\"link.dead\" = 3", &["a rule is"]),
        ("extends = \"fetchall.toml\"", &["extends itself"]),
        ("extends = \"gone.toml\"", &["cannot read", "gone.toml"]),
        ("extends = [\"fetchall.toml\", 1]", &["or a list of them"]),
        ("extends = \"/dev/zero\"", &["cannot read /dev/zero: it is no file"]),
        ("fields = \"url,nope\"", &["unknown field `nope`", "the value of --fields comes from", "fetchall.toml:1"]),
    ] {
        let run = repository(toml).fetchall(&[&site.url("/")]).run().await;
        assert_eq!((run.exit, run.text()), (2, ""), "{toml}: {}", run.stderr);
        for part in told {
            assert!(run.stderr.contains(part), "{toml}: no {part} in\n{}", run.stderr);
        }
    }
    assert_eq!(site.asks().len(), 0);
}

#[tokio::test]
async fn a_path_in_a_file_is_taken_from_its_folder_and_a_secret_in_it_is_not_shown() {
    let shelf = repository(
        "output = \"records.jsonl\"\nheader = \"Authorization: Bearer sesame\"\nproxy = \"http://me:sesame@127.0.0.1:1\"\nsink = \"sqlite:a.db\"\n",
    );
    let file = shelf.path("fetchall.toml");
    let show = fetchall(["config", "show", "--config", &file.to_string_lossy()]).dir(shelf.path("deep/er")).run().await;
    let sink = format!("sink = \"sqlite:{}\"", shelf.path("a.db").display());
    assert!(show.text().contains(&sink), "{}", show.text());
    assert!(
        show.text().contains(&format!("output = \"{}\"", shelf.path("records.jsonl").display())),
        "{}",
        show.text()
    );
    assert!(!show.text().contains("sesame"), "{}", show.text());
}

#[tokio::test]
async fn a_file_to_begin_with_is_written_once_and_read_again() {
    let shelf = Shelf::new();
    let run = shelf.fetchall(&["config", "init"]).run().await;
    assert_eq!((run.exit, run.text()), (0, "fetchall.toml\n"), "{}", run.stderr);
    let again = shelf.fetchall(&["config", "init"]).run().await;
    assert!(again.exit == 2 && again.stderr.contains("is there already"), "{}", again.stderr);

    // every key with a value of its own is one that is read: take the comments off those that say something
    let text = std::fs::read_to_string(shelf.path("fetchall.toml")).unwrap();
    assert!(text.contains("# concurrency = 32\n") && text.contains("# [check]\n"), "{text}");
    let show = shelf.fetchall(&["config", "show", "crawl"]).run().await;
    assert!(show.exit == 0 && show.text().contains("# depth = 3"), "{}", show.text());
}

#[tokio::test]
async fn a_run_goes_on_only_with_the_settings_it_began_with() {
    let site = Site::start(|_| Reply::html("x")).await;
    let shelf = repository("method = \"GET\"\nstate = \"run.state\"\noutput = \"out.jsonl\"\n");
    let urls = [site.url("/a")];
    let first = shelf.fetchall(&[&urls[0]]).run().await;
    assert_eq!(first.exit, 0, "{}", first.stderr);
    std::fs::write(shelf.path("fetchall.toml"), "accept = \"404\"\nstate = \"run.state\"\noutput = \"out.jsonl\"\n")
        .unwrap();
    let second = shelf.fetchall(&[&urls[0]]).run().await;
    assert_eq!(second.exit, 2, "{}", second.stderr);
    assert!(second.stderr.contains("--accept"), "{}", second.stderr);
}

#[tokio::test]
async fn a_file_of_a_project_sends_nothing_of_the_user_away_and_writes_beside_itself_alone() {
    let site = Site::start(|_| Reply::html("x")).await;
    let victim = Shelf::new();
    let away = victim.path("kept").display().to_string();
    for (toml, key) in [
        ("proxy = \"http://127.0.0.1:1\"".to_owned(), "proxy"),
        ("data = \"@/etc/hostname\"".to_owned(), "data"),
        ("header = \"@/etc/hostname\"".to_owned(), "header"),
        ("insecure = true".to_owned(), "insecure"),
        ("private-ips = \"allow\"".to_owned(), "private-ips"),
        ("[check]\nfix = true".to_owned(), "fix"),
        ("output = \"../../kept\"".to_owned(), "output"),
        ("output = \".git/config\"".to_owned(), "output"),
        (format!("output = {away:?}"), "output"),
        (format!("cookies = {away:?}"), "cookies"),
        (format!("[check]\nreport = [\"jsonl={away}\"]"), "report"),
        (format!("sink = [\"a.jsonl\", \"sqlite:{away}\"]"), "sink"),
        ("sink = \"postgres://h/d\"".to_owned(), "sink"),
    ] {
        for text in [toml.clone(), "extends = \"base.toml\"".to_owned()] {
            let shelf = repository(&text);
            std::fs::write(shelf.path("base.toml"), &toml).unwrap();
            let run = shelf.fetchall(&[&site.url("/")]).run().await;
            assert_eq!((run.exit, run.text()), (2, ""), "{toml}: {}", run.stderr);
            let told = run.stderr.contains(&format!("`{key}`")) && run.stderr.contains(".toml:");
            assert!(told && run.stderr.contains("only in your own file or with --config"), "{toml}: {}", run.stderr);
        }
    }
    assert!(site.asks().is_empty() && !victim.path("kept").exists());

    let shelf = repository("output = \"out.jsonl\"\nprivate-ips = \"deny\"\ninsecure = false\n");
    std::fs::write(shelf.path("own.toml"), format!("output = {away:?}\n")).unwrap();
    assert_eq!(shelf.fetchall(&["config", "show"]).run().await.exit, 0);
    let run = shelf.fetchall(&[&site.url("/"), "--config", "own.toml"]).run().await;
    assert!(run.exit == 0 && victim.path("kept").exists(), "{}", run.stderr);
}

#[tokio::test]
async fn a_mistake_beside_a_secret_does_not_show_it() {
    for toml in [
        "headr = { X-Api-Key = \"CANARY\" }",
        "dta = \"password=CANARY\"",
        "[check]\ndata = \"CANARY\"",
        "header = [[\"CANARY\"]]",
        "header = \"CANARY\" x",
    ] {
        let run = repository(toml).fetchall(&["http://127.0.0.1:1/"]).run().await;
        assert!(run.exit == 2 && run.stderr.contains("fetchall.toml"), "{}", run.stderr);
        assert!(!run.stderr.contains("CANARY"), "{}", run.stderr);
    }
}

#[tokio::test]
async fn files_that_extend_many_are_bounded_in_all() {
    let shelf = repository("extends = [\"1.toml\", \"1.toml\", \"1.toml\", \"1.toml\"]");
    for at in 1..10 {
        let next = format!("\"{}.toml\"", at + 1);
        std::fs::write(shelf.path(&format!("{at}.toml")), format!("extends = [{next}, {next}, {next}, {next}]"))
            .unwrap();
    }
    std::fs::write(shelf.path("10.toml"), "").unwrap();
    let run = shelf.fetchall(&["config", "show"]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("64 files"), "{}", run.stderr);
}

#[tokio::test]
async fn a_value_at_the_top_that_a_command_does_not_take_is_told_its_table() {
    let shelf = repository("format = \"csv\"\nquiet = true\n");
    let run = shelf.fetchall(&["check", "deep"]).run().await;
    assert_eq!(run.exit, 2, "{}", run.stderr);
    assert!(run.stderr.contains("fetchall.toml:1") && run.stderr.contains("put it into [fetch]"), "{}", run.stderr);

    // a switch of a file is turned off by its variable
    let run = shelf.fetchall(&["http://127.0.0.1:1/", "--retries", "0"]).env("FETCHALL_QUIET", "false").run().await;
    assert!(run.stderr.contains("1 failed"), "{}", run.stderr);
}
