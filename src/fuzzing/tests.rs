//! Every seed and every input that was found, once, with stable Rust.

use std::{collections::BTreeSet, fs, path::Path};

use super::*;

/// Runs a target over its seeds; says over how many.
fn over_seeds(name: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name);
    let mut seeds: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    for seed in &seeds {
        let data = fs::read(seed).unwrap();
        let outcome = std::panic::catch_unwind(|| target(&data));
        assert!(outcome.is_ok(), "the input {} breaks what {name} promises", seed.display());
    }
    seeds.len()
}

#[test]
fn what_fuzzing_found_holds() {
    for (name, target) in TARGETS {
        assert!(over_seeds(name, target) > 0, "{name} has no seeds");
        target(b"");
        target(b"\xff");
        target(b"\xff\xff");
    }
}

#[test]
fn each_target_has_its_binary_and_its_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("targets"), known);
    assert_eq!(names("seeds"), known);
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for name in &known {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not built");
        let code = fs::read_to_string(root.join("targets").join(name).with_extension("rs")).unwrap();
        assert!(code.contains(&format!("fuzzing::{name}(data)")), "{code}");
    }
}

#[test]
fn what_is_no_strict_json_is_seen() {
    let is_strict = |line: &[u8]| std::panic::catch_unwind(|| tools::is_strict_json(line)).is_ok();
    for line in [r#"{"a":[1e999,"\ud83d\ude00","\\ud800"]}"#, "1", "\"\\n\"", "[1,\t2]"] {
        assert!(is_strict(line.as_bytes()), "{line}");
    }
    for line in
        [r#"{"a":"\ud800"}"#, r#""\ude00\ud83d""#, r#""\ud83d \ude00""#, "{\"a\":NaN}", "[1,]", "\"\u{7f}\"", ""]
    {
        assert!(!is_strict(line.as_bytes()), "{line}");
    }
    assert!(!is_strict(b"\"\xff\""));
}
