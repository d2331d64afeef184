//! The walls of the house: which room may import which, and which outside crate has its home where.

use std::{collections::BTreeMap, fs, path::Path};

/// For each room, the rooms that it may name. `settings` is open to all but `model`.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("cookies", &["replace"]),
    ("settings", &["model", "cookies"]),
    ("policy", &["model", "settings"]),
    ("frontier", &["model", "settings"]),
    ("page", &["model"]),
    ("check", &["model", "settings", "policy"]),
    ("crawl", &["model", "settings", "policy"]),
    ("fetch", &["model", "settings", "policy", "cookies", "files"]),
    ("files", &["model", "settings", "policy"]),
    ("source", &["model", "page"]),
    ("sink", &["model"]),
    ("report", &["model"]),
    ("replace", &[]),
    ("journal", &["model", "replace"]),
    ("demo", &[]),
    ("engine", &["model", "settings", "policy", "frontier", "page", "fetch", "source", "sink", "journal"]),
    ("checker", &["model", "settings", "policy", "check", "page", "engine", "fetch", "fetcher", "source"]),
    ("extractor", &["model", "settings", "engine", "page", "source"]),
    ("crawler", &["model", "settings", "policy", "crawl", "page", "engine", "fetch", "fetcher", "source", "journal"]),
    ("watch", &["model", "settings", "engine", "fetcher", "report"]),
    ("session", &["model", "settings", "policy", "page"]),
    ("replay", &["model", "settings", "fetch", "source"]),
    ("cache", &["model", "settings", "policy", "cookies", "fetch"]),
    ("archive", &["model", "source"]),
    // Tests, which are compiled for `cargo fuzz` too; nobody else may name it.
    (
        "fuzzing",
        &["model", "settings", "policy", "cookies", "page", "source", "sink", "check", "report", "journal", "archive"],
    ),
    (
        "fetcher",
        &[
            "model", "settings", "policy", "cookies", "session", "engine", "page", "fetch", "replay", "cache",
            "source", "journal",
        ],
    ),
];

/// Outside crates with one home: crate, the folders or files that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("reqwest", &["fetch/"]),
    ("rustls", &["fetch/"]),
    ("scraper", &["page/"]),
    ("html5ever", &["page/"]),
    ("html5gum", &["page/"]),
    ("icu_normalizer", &["page/prose/toc.rs"]),
    ("cssparser", &["page/"]),
    ("jsonpath_rust", &["page/jsonpath.rs", "page/jsonpath/"]),
    ("dom_smoothie", &["page/view/article.rs"]),
    ("dom_query", &["page/view/article.rs", "page/view/cards.rs", "page/view/shape.rs"]),
    ("governor", &["frontier/pace.rs"]),
    ("clap", &["cli/"]),
    ("anyhow", &["cli/", "main.rs"]),
    ("indicatif", &["cli/"]),
    ("ratatui", &["cli/tui/"]),
    ("axum", &["demo/"]),
    ("rusqlite", &["journal/store.rs", "journal/store/", "sink/sqlite.rs", "cache/"]),
    ("sqlx", &["sink/postgres.rs", "sink/mysql.rs", "sink/sql.rs"]),
    ("parquet", &["sink/parquet.rs"]),
    ("cookie_store", &["cookies/"]),
    ("zip", &["archive/wacz.rs"]),
    ("tracing", &["engine/", "fetch/", "source/", "sink/", "journal/", "cli/logs/", "cli/courier.rs"]),
    ("tracing_subscriber", &["cli/"]),
    // one of them is a module of that name
    ("log", &["cli/logs/", "report/sarif.rs"]),
    ("http_body_util", &["cli/"]),
    ("getrandom", &["cli/dashboard/"]),
];

/// The source without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn files() -> BTreeMap<String, String> {
    fn walk(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else if path.extension().is_some_and(|ext| ext == "rs")
                && !["tests.rs", "reference.rs"].iter().any(|tests| path.ends_with(tests))
            {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                out.insert(name, code(&path));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = BTreeMap::new();
    walk(&root, &root, &mut out);
    out
}

/// Every `crate::room` in a file, grouped imports included.
fn rooms_named(code: &str) -> Vec<String> {
    let name_at = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut out = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if !rest.starts_with('{') {
            out.push(name_at(rest));
            continue;
        }
        let mut depth = 0;
        for (index, c) in rest.char_indices() {
            match c {
                '{' | ',' if depth + usize::from(c == '{') == 1 => {
                    depth += usize::from(c == '{');
                    out.push(name_at(rest[index + 1..].trim_start()));
                }
                '{' => depth += 1,
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    out.retain(|name| !name.is_empty());
    out
}

#[test]
fn rooms_name_only_those_they_may() {
    for (file, code) in files() {
        let room = file.split('/').next().unwrap().trim_end_matches(".rs");
        let Some((_, may)) = MAY_NAME.iter().find(|(name, _)| *name == room) else {
            assert!(["lib", "main", "cli"].contains(&room), "{file}: a new room; say here whom it may name");
            continue;
        };
        for named in rooms_named(&code) {
            assert!(named == room || may.contains(&named.as_str()), "{file} names crate::{named}");
        }
    }
}

#[test]
fn outside_crates_stay_at_home() {
    for (file, code) in files() {
        for (name, homes) in HOMES {
            let at_home = homes.iter().any(|home| file.starts_with(home));
            let named = code.lines().any(|line| {
                line.contains(&format!("{name}::"))
                    && !line.contains(&format!("_{name}::"))
                    && !line.contains(&format!("::{name}::"))
            });
            assert!(at_home || !named, "{file} names {name}, whose home is {homes:?}");
        }
    }
}

#[test]
fn nobody_prints_but_the_command_line_and_nobody_sleeps_but_the_engine() {
    for (file, code) in files() {
        let prints = ["println!", "eprintln!", "print!(", "dbg!("].iter().any(|name| code.contains(name));
        assert!(!prints, "{file} prints, which panics when the stream is closed");
        let timeless = ["model/", "policy/", "frontier/", "page/"].iter().any(|room| file.starts_with(room));
        assert!(!timeless || !code.contains("tokio::time"), "{file} names tokio::time");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in files().keys() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
        assert!(text.starts_with("//!"), "{file} does not open with //!");
    }
}
