use super::*;

fn row(url: &str, more: &str) -> String {
    format!(r#"{{"v":1,"type":"fetch","seq":0,"url":"{url}","input":"x","method":"GET",{more}}}"#)
}

fn well(sha: &str, ms: f64) -> String {
    format!(
        r#""ok":true,"outcome":"ok","status":200,"error":null,"sha256":"{sha}","redirects":[],"final_url":"u","timings":{{"total_ms":{ms}}}"#
    )
}

fn ill(code: &str) -> String {
    format!(r#""ok":false,"outcome":"error","status":null,"error":{{"code":"{code}","message":"m","retryable":false}}"#)
}

#[test]
fn each_kind_of_change_is_told_by_its_name() {
    let way = well("a", 10.0).replace(r#""final_url":"u""#, r#""final_url":"w""#);
    let created = well("a", 10.0).replace("200", "201");
    for (old, new, want) in [
        (well("a", 10.0), well("a", 10.0), vec![]),
        (well("a", 10.0), ill("dns.not_found"), vec![Change::Broke]),
        (ill("dns.not_found"), well("a", 10.0), vec![Change::Healed]),
        (ill("dns.not_found"), ill("dns.not_found"), vec![]),
        (ill("dns.not_found"), ill("connect.refused"), vec![Change::Reason]),
        (well("a", 10.0), well("b", 600.0), vec![Change::Content, Change::Slower]),
        (well("a", 10.0), well("a", 100.0), vec![]),
        (well("a", 1_000.0), well("a", 1_900.0), vec![]),
        (well("a", 10.0), way, vec![Change::Redirect]),
        (well("a", 10.0), created, vec![Change::Status]),
    ] {
        let (old, new) = (row("u", &old), row("u", &new));
        let mut known = Old::default();
        known.note(&Row::parse(old.as_bytes()).unwrap());
        assert_eq!(known.meet(&Row::parse(new.as_bytes()).unwrap(), Slower::default()), want, "{old}\n{new}");
    }
}

#[test]
fn what_is_only_in_one_run_is_new_or_gone_and_what_was_left_out_is_neither() {
    let (old, new) = (row("old", &well("a", 1.0)), row("new", &well("a", 1.0)));
    let left = row("left", r#""ok":true,"outcome":"skipped""#);
    let mut known = Old::default();
    for text in [&old, &left] {
        known.note(&Row::parse(text.as_bytes()).unwrap());
    }
    let new = Row::parse(new.as_bytes()).unwrap();
    assert_eq!(known.meet(&new, Slower::default()), [Change::New]);
    let (old, left) = (Row::parse(old.as_bytes()).unwrap(), Row::parse(left.as_bytes()).unwrap());
    assert!(known.is_gone(&old) && !known.is_gone(&old), "told once");
    assert!(!known.is_gone(&left) && known.meet(&left, Slower::default()).is_empty());
}

#[test]
fn findings_are_known_by_their_fingerprint() {
    let finding = |rule: &str| {
        format!(r#"{{"type":"link","ok":true,"rule":{rule},"url":"u","fingerprint":"f1","outcome":"ok"}}"#)
    };
    let mut known = Old::default();
    let (good, bad) = (finding("null"), finding("\"link.dead\""));
    known.note(&Row::parse(good.as_bytes()).unwrap());
    assert_eq!(known.meet(&Row::parse(bad.as_bytes()).unwrap(), Slower::default()), [Change::Broke]);
}

#[test]
fn lines_are_read_one_by_one_and_a_torn_last_one_is_passed_over() {
    let text = format!("{}\n\n{}\n{{\"v\":1,", row("a", &well("a", 1.0)), row("b", &well("a", 1.0)));
    let mut seen = Vec::new();
    each_row("x", text.as_bytes(), |row| {
        seen.push(row.about().to_owned());
        Ok::<(), DiffError>(())
    })
    .unwrap();
    assert_eq!(seen, ["a", "b"]);
    for bad in ["notes\n", "[]\n", "{\"ok\":true}\n", "{"] {
        let error = each_row("x", bad.as_bytes(), |_| Ok::<(), DiffError>(())).unwrap_err().to_string();
        assert!(error.starts_with("x, line 1: it is no record of fetchall's"), "{error}");
    }
}
