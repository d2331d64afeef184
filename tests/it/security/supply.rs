//! What this is made of: no unsafe code of our own, and dependencies that are looked at.

#[test]
fn both_crates_forbid_unsafe_code_and_dependencies_are_checked_before_anything_is_merged() {
    let read = |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for root in ["src/lib.rs", "src/main.rs"] {
        assert!(read(root).lines().any(|line| line == "#![forbid(unsafe_code)]"), "{root}");
    }
    assert!(read(".ci/run").contains("tests/run.sh") && read("tests/run.sh").contains("step bash tests/deny.sh"));
    assert!(read("tests/deny.sh").contains("check bans licenses sources"));
    let rules: toml::Value = toml::from_str(&read("deny.toml")).unwrap();
    assert_eq!(rules["advisories"]["ignore"].as_array().map(Vec::len), Some(0), "each exception needs a reason here");
    for kind in ["unknown-registry", "unknown-git"] {
        assert_eq!(rules["sources"][kind].as_str(), Some("deny"));
    }
    assert!(read("Cargo.lock").contains("name = \"fetchall\""), "the lockfile belongs to the source");
}
