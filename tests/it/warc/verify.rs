//! Archives judged and indexed by the commands.

use std::fs;

use super::*;

/// A folder with an archive of a few pages, `out.warc.gz`.
async fn archived(site: &Site) -> Shelf {
    let shelf = Shelf::new();
    let urls = ["/page", "/gzip", "/chunked", "/same", "/same-too", "/missing"].map(|path| site.url(path));
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--warc", "out.warc.gz", "-q", "-c", "1"]);
    let run = shelf.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    judge(&shelf.path("out.warc.gz"));
    shelf
}

async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/gzip" => Reply::gzip("<title>packed</title>"),
        "/chunked" => Reply::chunked(["<title>in", " pieces</title>"]),
        "/same" | "/same-too" => Reply::text("the very same text"),
        "/missing" => Reply::status(404),
        _ => Reply::html("<title>a page</title>"),
    })
    .await
}

#[tokio::test]
async fn an_archive_of_ours_has_no_fault_and_one_that_was_changed_has() {
    let site = site().await;
    let shelf = archived(&site).await;
    let run = shelf.fetchall(&["warc", "verify", "out.warc.gz"]).run().await;
    assert_eq!((run.exit, run.text()), (0, ""), "{run}");
    assert!(run.stderr.contains("1 file, 19 records, no fault"), "{run}");

    let whole = fs::read(shelf.path("out.warc.gz")).unwrap();
    fs::write(shelf.path("torn.warc.gz"), &whole[..whole.len() - 5]).unwrap();
    let run = shelf.fetchall(&["warc", "verify", "torn.warc.gz"]).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let finding: serde_json::Value = serde_json::from_str(run.text().lines().next().unwrap()).unwrap();
    assert_eq!((&finding["flaw"], &finding["severity"]), (&"member.torn".into(), &"error".into()));
    assert_eq!(finding["file"], "torn.warc.gz");
    assert!(finding["record_id"].as_str().unwrap().starts_with("urn:uuid:"), "{finding}");
    let text = shelf.fetchall(&["warc", "verify", "torn.warc.gz", "-f", "text", "-q"]).run().await;
    let offset = &finding["offset"];
    assert!(text.text().starts_with(&format!("torn.warc.gz:{offset}: error member.torn: ")), "{text}");
    assert_eq!((text.exit, text.stderr.as_str()), (1, ""));

    // One gzip stream, and the same file twice.
    let records = gunzip(&whole);
    fs::write(shelf.path("stream.warc.gz"), gzip(&records)).unwrap();
    fs::write(shelf.path("plain.warc"), &records).unwrap();
    let run = shelf.fetchall(&["warc", "verify", "stream.warc.gz"]).run().await;
    assert!(run.exit == 1 && run.text().contains("member.stream"), "{run}");
    let run = shelf.fetchall(&["warc", "verify", "plain.warc"]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let run = shelf.fetchall(&["warc", "verify", "out.warc.gz", "plain.warc"]).run().await;
    assert_eq!((run.exit, run.text().matches("id.repeated").count()), (1, 19), "{run}");
}

/// Unpacks all members.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out).unwrap();
    out
}

#[tokio::test]
async fn an_index_leads_to_each_answer() {
    let site = site().await;
    let shelf = archived(&site).await;
    let run = shelf.fetchall(&["warc", "index", "out.warc.gz", "-o", "out.cdxj"]).run().await;
    assert_eq!((run.exit, run.text()), (0, ""), "{run}");
    assert!(run.stderr.contains("1 file, 6 lines"), "{run}");
    let index = fs::read_to_string(shelf.path("out.cdxj")).unwrap();
    let again = shelf.fetchall(&["warc", "index", "out.warc.gz", "-q"]).run().await;
    assert_eq!((again.text(), again.stderr.as_str()), (index.as_str(), ""));
    assert!(index.lines().is_sorted(), "{index}");
    let whole = fs::read(shelf.path("out.warc.gz")).unwrap();
    for line in index.lines() {
        let (key, rest) = line.split_once(' ').unwrap();
        let (moment, json) = rest.split_once(' ').unwrap();
        let entry: serde_json::Value = serde_json::from_str(json).unwrap();
        let number = |name: &str| entry[name].as_str().unwrap().parse::<usize>().unwrap();
        let record = gunzip(&whole[number("offset")..number("offset") + number("length")]);
        let record = String::from_utf8_lossy(&record);
        let url = entry["url"].as_str().unwrap();
        assert!(record.contains(&format!("WARC-Target-URI: {url}\r\n")), "{record}");
        assert!(key.starts_with("1,0,0,127:") && moment.len() == 14, "{line}");
        assert_eq!(entry["filename"], "out.warc.gz");
        assert_eq!(entry["mime"] == "warc/revisit", record.contains("WARC-Type: revisit"), "{line}");
    }
}

#[tokio::test]
async fn a_package_has_the_archives_as_they_are() {
    let site = site().await;
    let shelf = archived(&site).await;
    let run = shelf.fetchall(&["warc", "wacz", "out.warc.gz", "-o", "out.wacz"]).run().await;
    assert_eq!((run.exit, run.text()), (0, ""), "{run}");
    assert!(run.stderr.contains("1 archive, 6 answers, 3 pages"), "{run}");
    judge(&shelf.path("out.wacz"));
    assert!(!shelf.path("out.wacz.open").exists());
    let package = fs::read(shelf.path("out.wacz")).unwrap();
    let archive = fs::read(shelf.path("out.warc.gz")).unwrap();
    assert!(package.windows(archive.len()).any(|part| part == archive), "it is not packed again");
    let text = String::from_utf8_lossy(&package);
    for name in ["indexes/index.cdx.gz", "indexes/index.idx", "pages/pages.jsonl", "datapackage-digest.json"] {
        assert!(text.contains(name), "{name}");
    }
    assert!(text.contains(&format!("\"bytes\": {}", archive.len())), "{text}");
    fs::write(shelf.path("torn.warc.gz"), &archive[..archive.len() - 5]).unwrap();
    let run = shelf.fetchall(&["warc", "wacz", "torn.warc.gz", "-o", "torn.wacz"]).run().await;
    assert!(run.exit == 3 && run.stderr.contains("cut short"), "{run}");
    assert!(!shelf.path("torn.wacz").exists() && !shelf.path("torn.wacz.open").exists());
    let run = shelf.fetchall(&["warc", "wacz", "out.warc.gz", "./out.warc.gz", "-o", "two.wacz"]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("name of its own"), "{run}");
}

#[tokio::test]
async fn wrong_usage_is_found_before_anything_is_read_or_written() {
    let site = site().await;
    let shelf = archived(&site).await;
    let before = fs::read(shelf.path("out.warc.gz")).unwrap();
    for (args, why) in [
        (&["warc", "verify", "gone.warc.gz"][..], "there is no file gone.warc.gz"),
        (&["warc", "verify", "."], "is a folder"),
        (&["warc", "verify"], "FILE"),
        (&["warc", "index", "out.warc.gz", "gone.warc"], "there is no file gone.warc"),
        (&["warc", "index", "out.warc.gz", "-o", "out.warc.gz"], "is one of the archives"),
        (&["warc", "verfiy", "out.warc.gz"], "verify"),
        (&["warc"], "Examples:"),
    ] {
        let run = shelf.fetchall(args).run().await;
        assert_eq!((run.exit, run.text()), (2, ""), "{args:?} {run}");
        assert!(run.stderr.contains(why), "{args:?} {run}");
    }
    assert_eq!(fs::read(shelf.path("out.warc.gz")).unwrap(), before);
    let run = shelf.fetchall(&["warc", "index", "out.warc.gz", "-o", "none/out.cdxj"]).run().await;
    assert_eq!(run.exit, 3, "{run}");
    fs::write(shelf.path("torn.warc.gz"), &before[..before.len() - 5]).unwrap();
    let run = shelf.fetchall(&["warc", "index", "torn.warc.gz"]).run().await;
    assert!(run.exit == 3 && run.text().lines().count() == 6, "{run}");
    let told = shelf.fetchall(&["explain", "member.torn"]).run().await;
    assert!(told.exit == 0 && told.text().contains("warc verify"), "{told}");
}
