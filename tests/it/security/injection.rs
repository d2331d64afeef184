//! What a stranger writes is data: it paints no terminal, runs in no spreadsheet, and ends no element, row, line or
//! annotation of a report.

use quick_xml::events::Event;
use serde_json::Value;

use super::*;

/// Escape sequences of every kind: C0, C1, DEL, bidi controls, separators.
const ACTS: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{7f}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{85}";

/// Starts of formulas, and of what readers of logs and documents act on.
const STARTS: [&str; 12] = [
    "=HYPERLINK(\"http://h/\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "::error::x",
    "##[error]x",
    "<script>x</script>",
    "]]><x/>",
    "| [x](http://h/) `x`",
    "%0A::error::x",
    "&lt;x&#10;y",
];

/// Whether a terminal would act on something in this text, line ends aside.
fn acts(text: &str) -> bool {
    let is_bidi =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().any(|c| (c.is_control() && c != '\n') || is_bidi(c))
}

/// Without our own colours.
fn plain(text: &str) -> String {
    regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(text, "").into_owned()
}

/// Every answer has something hostile in it.
async fn hostile() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/page" => Reply::html(format!(
            "<title>{ACTS}</title><h1>{ACTS}</h1><p class='{ACTS}'>{ACTS}</p><a href='/{ACTS}'>{ACTS}</a>\
             <script type='application/ld+json'>{{\"@type\": \"{}\"}}</script><meta name=description content='{ACTS}'>",
            "\\u001b]0;x\\u0007"
        ))
        .header("Etag", "\"\u{9b}31m\"")
        .header("Content-Type", "text/html; charset=\u{9b}31m")
        .header("X-\u{202e}", "x"),
        "/fields" => Reply::html("x")
            .header("X-Acts", ACTS.trim_matches(|c: char| c.is_ascii_control()))
            .header("Last-Modified", "\u{202e}\u{9b}2J"),
        "/reason" => Reply::raw("HTTP/1.1 404 \u{9b}31m\u{202e}x\r\ncontent-length: 0\r\n\r\n"),
        "/control" => Reply::raw("HTTP/1.1 200 \u{1b}[2J\r\nX: \u{1b}[2J\r\ncontent-length: 0\r\n\r\n"),
        "/to" => Reply::redirect(302, "http://\u{202e}\u{9b}.invalid/\u{9b}31m"),
        "/away" => Reply::redirect(302, "x-\u{9b}31m:y"),
        "/lost" => Reply::redirect(301, "/gone?\u{9b}\u{202e}"),
        "/json" => Reply::json(format!("{{\"a\": \"{}\"}}", "\\u001b[2J\\u009b\\u202e\\r\\n")),
        "/robots.txt" => Reply::status(404),
        _ => Reply::status(410),
    })
    .await
}

#[tokio::test]
async fn no_text_for_people_has_anything_that_a_terminal_acts_on() {
    let site = hostile().await;
    let paths = ["/page", "/fields", "/reason", "/control", "/to", "/away", "/lost", "/json"];
    let mut list: Vec<String> = paths.iter().map(|path| site.url(path)).collect();
    list.push(format!("http://h.invalid/{ACTS}"));
    list.push(format!("{ACTS}://{ACTS}"));
    list.push(
        format!("{{\"url\": \"{ACTS}\", \"{ACTS}\": 1}}").replace('\u{1b}', "\\u001b").replace(['\u{7}', '\u{8}'], ""),
    );
    let list = list.join("\n");
    let rules = [
        "--select",
        "all[]=p",
        "--select",
        "of=p::attr(class)",
        "--json",
        "a=$.a",
        "--view=meta,links,text,jsonld",
        "--with=headers,links,attempts",
    ];
    for format in ["text", "jsonl", "json", "none"] {
        for colour in ["never", "always"] {
            let flags = [&["-", "-f", format, "--color", colour, "-r0", "--progress=plain"][..], &rules].concat();
            let run = fetchall(flags).stdin(list.clone()).run().await;
            assert_eq!(run.exit, 1, "{run}");
            assert!(!acts(&plain(run.text())) && !acts(&plain(&run.stderr)), "{format} {colour}: {run:?}");
        }
    }
    let dry = fetchall(["-", "-n"]).stdin(list).run().await;
    assert!(!acts(dry.text()) && !acts(&dry.stderr), "{dry:?}");
}

#[tokio::test]
async fn no_message_repeats_what_a_terminal_acts_on() {
    let dir = folder();
    let name = format!("{ACTS}.txt");
    fs::write(dir.join(&name), format!("http://127.0.0.1:1/{ACTS}\n{ACTS}\n")).unwrap();
    let field = format!("X: {ACTS}");
    let fields = [format!("a={ACTS}(("), format!("{ACTS}=h1"), format!("a={ACTS}")];
    for args in [
        &[&*name][..],
        &["fetch", &name, "-n"],
        &["check", &name],
        &["extract", &name, "--select", &fields[1]],
        &[ACTS],
        &["fetch", "no-such-file", ACTS],
        &["fetch", &name, "--select", &fields[0]],
        &["fetch", &name, "--timeout", ACTS],
        &["fetch", &name, "--output", &format!("no/{ACTS}/x")],
        &["fetch", &name, "-H", &field],
        &["fetch", &name, ACTS, &format!("--{ACTS}")],
        &["fetch", &name, "--fields", ACTS],
        &["fetch", &name, "--sink", ACTS],
        &["fetch", &name, "--regex", &fields[0]],
        &["fetch", &name, "--json", &fields[2]],
        &["fetch", &name, "--state", &format!("no/{ACTS}")],
        &["fetch", &name, "-r0", "--state", &format!("{ACTS}.db"), "--deadline=1ms"],
        &["fetch", &name, "--recipe", &name],
        &["fetch", &name, "--warc", &format!("no/{ACTS}.warc")],
        &["fetch", "--replay", &name, "http://h/"],
        &["explain", ACTS],
        &["diff", &name, &name],
        &["crawl", &name],
        &["schema", ACTS],
    ] {
        let run = fetchall(args).dir(&dir).run().await;
        assert!(!acts(&plain(run.text())) && !acts(&plain(&run.stderr)), "{args:?} {run:?}");
    }
}

#[tokio::test]
async fn no_cell_of_a_table_is_a_formula() {
    let site = Site::start(|ask| {
        let number: usize = ask.path[1..].parse().unwrap_or(0);
        let text = STARTS[number].replace('&', "&amp;").replace('<', "&lt;");
        Reply::html(format!("<title>{text}</title><p>{text}</p><a href='/'>{text}</a>"))
            .header("Etag", STARTS[number].trim())
    })
    .await;
    let mut list: String = (0..STARTS.len())
        .map(|n| {
            serde_json::json!({"url": site.url(&format!("/{n}")), "id": STARTS[n], "tags": {"a": STARTS[n]}})
                .to_string()
                + "\n"
        })
        .collect();
    list += &STARTS.map(|start| serde_json::json!({"url": start}).to_string() + "\n").concat();
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let dir = folder();
        let out = format!("out.{format}");
        let run = fetchall(["-", "-f", format, "--select", "a=p", "--select", "=b=p", "--sink", &out])
            .stdin(list.clone())
            .dir(&dir)
            .run()
            .await;
        let run = if run.exit == 2 {
            fetchall(["-", "-f", format, "--select", "a=p", "--sink", &out]).stdin(list.clone()).dir(&dir).run().await
        } else {
            run
        };
        for text in [run.text().to_owned(), fs::read_to_string(dir.join(&out)).unwrap()] {
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 2 * STARTS.len(), "{text}");
            for cell in rows.iter().flatten() {
                let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && cell.parse::<f64>().is_err();
                assert!(!runs, "{cell:?} in {text}");
            }
            assert!(text.contains("'=HYPERLINK") && text.contains("'@SUM"), "{text}");
        }
    }
}

/// A folder of documents with hostile names and hostile links, checked with a report of every kind.
async fn reported() -> (Run, std::path::PathBuf) {
    let site = hostile().await;
    let dir = folder();
    let docs = dir.join("docs");
    fs::create_dir(&docs).unwrap();
    let names =
        STARTS.map(|start| start.replace('/', "_")).into_iter().chain([ACTS.to_owned(), "a\nb\r::error::x".to_owned()]);
    let links: String = STARTS
        .iter()
        .chain(&[ACTS])
        .map(|text| {
            let quoted = text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            format!(
                "<a href=\"{quoted}\">{quoted}</a>\n<a href=\"{}?{quoted}\" title=\"{quoted}\">{quoted}</a>\n",
                site.url("/lost")
            )
        })
        .collect();
    for name in names {
        fs::write(docs.join(format!("{name}.html")), &links).unwrap();
    }
    let page = site.url("/page");
    let mut args = vec![
        "check".to_owned(),
        "docs".to_owned(),
        page,
        "-r0".to_owned(),
        "--second-round=off".to_owned(),
        "--rule=link.redirected=warn".to_owned(),
    ];
    args.extend(KINDS.map(|kind| format!("--report={kind}=report.{kind}")));
    let run = fetchall(args).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    (run, dir)
}

const KINDS: [&str; 10] =
    ["junit", "sarif", "github", "gitlab", "checkstyle", "rdjsonl", "markdown", "text", "json", "jsonl"];

#[tokio::test]
async fn no_report_has_anything_that_a_terminal_acts_on_or_that_ends_what_it_stands_in() {
    let (run, dir) = reported().await;
    assert!(!acts(run.text()) && !acts(&run.stderr), "{run:?}");
    let report = |kind: &str| fs::read_to_string(dir.join(format!("report.{kind}"))).unwrap();
    for kind in KINDS {
        let text = report(kind);
        assert!(text.len() > 1000 && !acts(&text), "{kind}: {:?}", text.lines().find(|line| acts(line)));
        assert!(!matches!(kind, "junit" | "checkstyle") || !text.contains("<script>"), "{kind}: {text}");
    }
    // As a reader of comments has it: our own line ends and what keeps names from being called, and nothing beside.
    for event in pulldown_cmark::Parser::new_ext(&report("markdown"), pulldown_cmark::Options::ENABLE_TABLES) {
        match event {
            pulldown_cmark::Event::InlineHtml(html) => assert!(matches!(&*html, "<br>" | "<!-- -->"), "{html}"),
            pulldown_cmark::Event::Html(html) => panic!("{html}"),
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { .. } | pulldown_cmark::Tag::Image { .. }) => {
                panic!("a link")
            }
            _ => {}
        }
    }
    let is_command = |line: &&str| line.starts_with("::") || line.starts_with("##[");
    for text in [run.text(), &run.stderr, &report("text")] {
        assert_eq!(text.lines().map(str::trim_start).find(is_command), None, "a line is no command to a CI server");
    }
    let findings = report("jsonl");
    assert!(findings.lines().count() > 100);
    assert!(findings.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    for line in report("github").lines() {
        let head = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).map(|(head, _)| head).unwrap();
        let command = head.split(' ').next().unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let properties: Vec<_> =
            head[command.len()..].trim().split(',').filter_map(|one| one.split_once('=')).collect();
        assert!(
            properties.iter().all(|(name, _)| ["file", "line", "endLine", "col", "endColumn", "title"].contains(name)),
            "{line}"
        );
    }
    for kind in ["sarif", "gitlab", "json"] {
        serde_json::from_str::<Value>(&report(kind)).unwrap();
    }
    assert!(report("rdjsonl").lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[tokio::test]
async fn reports_in_xml_have_the_elements_that_we_wrote_and_no_other() {
    let (_, dir) = reported().await;
    for (kind, known) in [
        (
            "junit",
            &[
                "testsuites",
                "testsuite",
                "testcase",
                "failure",
                "error",
                "skipped",
                "system-out",
                "properties",
                "property",
            ][..],
        ),
        ("checkstyle", &["checkstyle", "file", "error"]),
    ] {
        let text = fs::read_to_string(dir.join(format!("report.{kind}"))).unwrap();
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut depth = 0_i32;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) => {
                    depth += 1;
                    assert!(known.contains(&element.name().as_ref()), "{kind}");
                }
                Event::Empty(element) => {
                    assert!(known.contains(&element.name().as_ref()), "{kind}");
                }
                Event::End(_) => depth -= 1,
                Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {
                    panic!("{kind}: nothing of the kind is written")
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{kind}");
    }
}

#[tokio::test]
async fn names_of_files_that_are_saved_have_nothing_that_acts() {
    let site = Site::start(|_| {
        Reply::html("x").header("Content-Disposition", "attachment; filename=\"..\\..\\\u{202e}x.exe\"")
    })
    .await;
    let dir = folder();
    let urls = [
        format!("/a{ACTS}"),
        "/%1b%5b2J%0d%0a%00".to_owned(),
        "/%2e%2e%2f%2e%2e%2fx".to_owned(),
        "/%e2%80%aegpj.exe".to_owned(),
    ];
    let urls = urls.map(|path| serde_json::json!({"url": site.url(&path)}).to_string()).join("\n");
    let run = fetchall(["-", "--save", "bodies"]).stdin(urls).dir(&dir).run().await;
    let mut folders = vec![dir];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(!acts(&name) && !name.contains(".."), "{name:?} {run}");
            if path.is_dir() { folders.push(path) } else { seen += 1 }
        }
    }
    assert!(seen >= 3, "{run}");
}
