//! Links to files.

use std::fs;

use fetchall::{
    check::{
        baseline::{Baseline, Known},
        ignore::Ignores,
        preset::Preset,
    },
    checker::{Changed, CheckError, Checker, Start},
    model::{Code, LinkKind, Rule, Severity},
};

use super::*;

#[tokio::test]
async fn every_kind_of_fault_is_found_with_its_place() {
    let dir = folder(&[
        (
            "a.md",
            "# One\n\n[ok](b.html#over-here) [top](#one) [x](gone.md) [y](b.html#nowhere)\n\
             [z](B.html) [m](mailto:nobody) ![i](img.png) [j](javascript:x) [a](/root.md)\n\
             [near](b.html#over-heer) [app](foo:bar) [route](b.html#/x) [dir](sub) [u](http://[::1)\n",
        ),
        (
            "b.html",
            "<p id=over-here>x<a href='a.md#one'>x</a><a href='a.md#two'>x</a><a href=''>x</a><img src=pic.png>",
        ),
        ("img.png", ""),
        ("sub/c.md", "[up](../a.md#one) [far](../../x.md)"),
    ]);
    let checked = check(plan(dir.path())).await;
    let expected = [
        "case B.html = b.html",
        "invalid http://[::1",
        "mail mailto:nobody",
        "missing_anchor a.md#two",
        "missing_anchor b.html#nowhere",
        "missing_anchor b.html#over-heer = b.html#over-here",
        "missing_file ../../x.md",
        "missing_file /root.md",
        "missing_file gone.md",
        "missing_file pic.png",
        "unverifiable b.html#/x",
        "unverifiable foo:bar",
    ];
    assert_eq!(checked.told(), expected);
    assert_eq!((checked.end.documents, checked.end.links, checked.end.requests), (3, 20, 0));
    let gone = checked.found.iter().find(|one| one.source.raw.as_ref() == "gone.md").unwrap();
    assert_eq!((gone.source.line, gone.source.column, gone.source.end_column), (Some(3), Some(40), Some(47)));
    assert!(gone.source.path.as_deref().unwrap().ends_with("/a.md"));
    assert_eq!((gone.ok, gone.severity, gone.rule), (false, Severity::Error, Some(Rule::MissingFile)));
    assert!(gone.fingerprint.len() == 32 && gone.error.as_ref().unwrap().message.contains("gone.md"));
}

#[tokio::test]
async fn every_link_is_sent_where_all_are_wanted_and_numbers_are_positions() {
    let dir = folder(&[("a.md", "[x](b.md#b) [y](a.md) [z](#no)"), ("b.md", "# B\n[x](a.md)")]);
    let checked = check(CheckPlan { all: true, ..plan(dir.path()) }).await;
    assert_eq!(checked.told(), ["missing_anchor #no", "ok a.md", "ok a.md", "ok b.md#b"]);
    let mut numbers: Vec<_> = checked.found.iter().map(|one| one.seq).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert!(checked.found.iter().all(|one| one.ok == (one.rule.is_none())));
}

#[tokio::test]
async fn fragments_wait_for_documents_that_come_later_and_are_numbered_alike() {
    let dir = folder(&[
        (
            "a.html",
            "<a href='z.html#x'>1</a><a href='z.html#gr%C3%BC%C3%9F'>2</a><a href='z.html#no'>3</a><a href='z.html#no'>4</a>",
        ),
        ("z.html", "<i id=x></i><i id='grüß'></i>"),
    ]);
    let checked = check(plan(dir.path())).await;
    assert_eq!(checked.told(), ["missing_anchor z.html#no", "missing_anchor z.html#no"]);
    assert_eq!((checked.found[0].seq, checked.found[1].seq), (2, 3));
    assert_ne!(checked.found[0].fingerprint, checked.found[1].fingerprint);
    let all = check(CheckPlan { all: true, ..plan(dir.path()) }).await;
    let prints = |checked: &Checked| {
        let bad = checked.found.iter().filter(|one| one.rule.is_some());
        bad.map(|one| (one.seq, one.fingerprint.clone())).collect::<Vec<_>>()
    };
    assert_eq!(prints(&all), prints(&checked));
}

#[tokio::test]
async fn comments_and_the_ignore_file_silence_links_and_say_when_they_are_of_no_use() {
    let dir = folder(&[(
        "a.md",
        "<!-- fetchall:ignore-next -->\n[x](gone1.md)\n\n[y](gone2.md)\n\n[z](gone3.md)\n\n\
         <!-- fetchall:ignore-next -->\nnothing\n\n<!-- fetchall:nonsense -->\n",
    )]);
    let ignores = Ignores::parse("gone2.md\nnever.md\nold.md until=2020-01-01\n").unwrap();
    let mut plan = plan(dir.path());
    plan.memory.ignores = Some((".fetchallignore".into(), ignores));
    let checked = check(plan).await;
    let expected = [
        "missing_file gone3.md",
        "unused_ignore <!-- fetchall:ignore-next -->",
        "unused_ignore <!-- fetchall:nonsense -->",
        "unused_ignore never.md",
        "unused_ignore old.md until=2020-01-01",
    ];
    assert_eq!(checked.told(), expected);
    let entry = checked.found.iter().find(|one| one.source.raw.as_ref() == "never.md").unwrap();
    assert_eq!((entry.source.path.as_deref(), entry.source.line, entry.ok), (Some(".fetchallignore"), Some(2), true));
    let unused: Vec<usize> = checked.end.unused_ignores.iter().map(|one| one.line).collect();
    assert_eq!(unused, [2, 3]);
    assert!(checked.end.memory.ignores.is_some());
}

#[tokio::test]
async fn what_the_baseline_knows_does_not_count() {
    let dir = folder(&[("a.md", "[x](gone1.md) [y](gone2.md)")]);
    let first = check(plan(dir.path())).await;
    let known = first.found.iter().take(1).map(|one| Known {
        fingerprint: one.fingerprint.to_string(),
        rule: "link.missing_file".to_owned(),
        source: String::new(),
        target: String::new(),
        first_seen: "2026-01-31".parse().unwrap(),
    });
    let mut plan = plan(dir.path());
    plan.memory.baseline = Some(Baseline::default().updated(known));
    let second = check(plan).await;
    assert_eq!(second.told(), ["(baseline) gone1.md", "missing_file gone2.md"]);
    let known = second.found.iter().find(|one| one.skip.is_some()).unwrap();
    assert_eq!((known.ok, known.severity, known.first_seen.as_deref()), (true, Severity::Off, Some("2026-01-31")));
    assert_eq!(known.skip.as_ref().unwrap().code, Code::Baseline);
}

#[tokio::test]
async fn only_changed_lines_count_and_links_to_what_is_gone_or_has_other_headings() {
    let dir = folder(&[
        ("a.md", "[x](one.md)\n[y](two.md)\n[z](gone.md)\n[h](b.md#old)\n[k](c.md#old)\n"),
        ("b.md", "# New"),
        ("c.md", "# New"),
    ]);
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let mut plan = plan(dir.path());
    plan.memory.changed =
        Some(Changed { lines: vec![(at("a.md"), 2, 2)], gone: vec![at("gone.md")], touched: vec![at("b.md")] });
    let checked = check(plan).await;
    assert_eq!(checked.told(), ["missing_anchor b.md#old", "missing_file gone.md", "missing_file two.md"]);
}

#[tokio::test]
async fn kinds_can_be_chosen_and_rules_can_be_weighed() {
    let dir = folder(&[("a.md", "[x](gone.md) ![y](gone.png)")]);
    let mut images = plan(dir.path());
    images.kinds = Some([LinkKind::Image].into());
    let checked = check(images).await;
    assert_eq!((checked.told(), checked.end.links), (vec!["missing_file gone.png".to_owned()], 1));
    let mut warned = plan(dir.path());
    warned.severities = fetchall::check::rules::Severities::with(vec!["missing_file=warn".parse().unwrap()]);
    let checked = check(warned).await;
    assert!(checked.found.len() == 2 && checked.found.iter().all(|one| one.ok && one.severity == Severity::Warning));
}

#[tokio::test]
async fn presets_base_url_and_root_decide_where_links_lead() {
    let files = [
        (
            "site/a.html",
            "<a href=/b>1</a><a href='https://h.example/docs/c/'>2</a><a href=/docs/d>3</a><a href=../../x>4</a>",
        ),
        ("site/b.html", ""),
        ("site/c/index.html", ""),
        ("site/_redirects", "/docs/d https://other.example/ 301\n"),
    ];
    let dir = folder(&files);
    let mut plan = plan(&dir.path().join("site"));
    plan.place.preset = Preset::Netlify;
    plan.place.base_url = Some("https://h.example/docs/".parse().unwrap());
    plan.reach.external = false;
    plan.all = true;
    // `/b` is outside of what stands below /docs/
    let checked = check(plan).await;
    assert_eq!(
        checked.told(),
        ["(excluded) ../../x", "(excluded) /b", "missing_file /docs/d", "ok https://h.example/docs/c/"]
    );
}

#[tokio::test]
async fn text_directives_and_pages_of_pdf_are_looked_for() {
    let pdf = "%PDF-1.4\n1 0 obj <</Type /Pages /Count 3>> endobj\n";
    let dir = folder(&[
        (
            "a.md",
            "[1](b.html#:~:text=two%20words) [2](b.html#:~:text=no%20such) [3](c.pdf#page=3) [4](c.pdf#page=4)\n\
             [5](d.rs#L2) [6](d.rs#L9)",
        ),
        ("b.html", "<p>here are <b>two</b> words"),
        ("c.pdf", pdf),
        ("d.rs", "one\ntwo\n"),
    ]);
    let checked = check(plan(dir.path())).await;
    let expected = ["missing_anchor b.html#:~:text=no%20such", "missing_anchor c.pdf#page=4", "missing_anchor d.rs#L9"];
    assert_eq!(checked.told(), expected);
}

#[tokio::test]
async fn fragments_of_pages_that_send_elsewhere_cannot_be_verified() {
    let forward = "<meta http-equiv=refresh content='0;url=c.html'>";
    let dir = folder(&[("a/a.html", "<a href='../b/b.html#x'>x</a>"), ("b/b.html", forward), ("b/c.html", "")]);
    let whole = check(plan(dir.path())).await;
    assert_eq!(whole.told(), [""; 0]);
    let part = check(plan(&dir.path().join("a"))).await;
    assert_eq!(part.told(), ["unverifiable ../b/b.html#x"]);
}

#[tokio::test]
async fn bad_documents_are_findings_and_the_rest_goes_on() {
    let dir = folder(&[("a.md", "[x](gone.md)"), ("latin.txt", "")]);
    fs::write(dir.path().join("binary.html"), b"\0\x01\x02").unwrap();
    fs::write(dir.path().join("latin.txt"), b"gr\xfc\xdfe http://127.0.0.1:1/").unwrap();
    fs::File::create(dir.path().join("huge.md")).unwrap().set_len(100 << 20).unwrap();
    let mut folder = plan(dir.path());
    folder.reach.external = false;
    let checked = check(folder).await;
    assert_eq!(checked.told(), ["io.read ", "missing_file gone.md"]);
    let huge = checked.found.iter().find(|one| one.rule.is_none()).unwrap();
    assert!(
        !huge.ok && huge.source.path.as_deref().unwrap().ends_with("huge.md") && huge.message().contains("100 MiB")
    );
    assert_eq!((checked.end.documents, checked.end.links), (2, 2));
    let named = check(plan(&dir.path().join("binary.html"))).await;
    assert!(named.only().message().contains("no text"));
}

#[tokio::test]
async fn a_long_line_is_no_trouble() {
    let long = format!("x{} [y](gone.md) {}", " word".repeat(4_000_000), "z".repeat(20_000_000));
    let dir = folder(&[("a.md", &long)]);
    let checked = check(plan(dir.path())).await;
    assert_eq!(checked.told(), ["missing_file gone.md"]);
}

#[test]
fn a_start_that_is_not_there_is_said_before_anything_is_sent() {
    let dir = folder(&[]);
    let error = Checker::new(plan(&dir.path().join("nothing"))).err().unwrap();
    assert!(matches!(error, CheckError::Source(told) if told.contains("no file or folder")));
}

#[tokio::test]
async fn text_that_was_handed_in_is_a_document() {
    let text = "[x](Cargo.toml) [y](gone.md) <!-- -->".to_owned();
    let checked = check(starting(Start::Text("(stdin)".to_owned(), text))).await;
    assert_eq!(checked.told(), ["missing_file gone.md"]);
    assert_eq!(checked.only().source.path.as_deref(), Some("(stdin)"));
}
