//! Flags of `check` as typed, and what comes of them.

use clap::Parser as _;
use fetchall::{
    check::rules::{FailOn, Severities},
    model::{LinkKind, Rule, Severity},
    report::Kind,
};

use super::*;

#[derive(clap::Parser)]
struct Typed {
    #[command(flatten)]
    flags: CheckFlags,
}

fn typed(args: &[&str]) -> CheckFlags {
    let typed = Typed::try_parse_from(["check"].iter().chain(args)).unwrap_or_else(|error| panic!("{error}"));
    typed.flags
}

/// The error of clap, or of what the flags are worked into.
fn refused(args: &[&str]) -> String {
    match Typed::try_parse_from(["check"].iter().chain(args)) {
        Err(error) => error.to_string(),
        Ok(Typed { flags }) => {
            let worked = flags.resolve().map(drop);
            let worked = worked.and_then(|()| flags.links.kinds().map(drop));
            let worked = worked.and_then(|()| flags.place.resolve().map(drop));
            worked.expect_err("a bad value").to_string()
        }
    }
}

#[test]
fn every_flag_ends_where_it_is_used() {
    type Check = fn(&CheckFlags) -> bool;
    let table: &[(&[&str], Check)] = &[
        (&["--anchors", "off"], |f| !f.links.reach(false).anchors),
        (&["--external", "off"], |f| !f.links.reach(false).external),
        (&["--recurse"], |f| f.links.reach(false).recurse),
        (&["--second-round", "off"], |f| !f.links.reach(false).second_round),
        (&["--suggest", "archive"], |f| f.links.reach(false).archive),
        (&["--hidden"], |f| f.links.walk().hidden),
        (&["--no-ignore"], |f| f.links.walk().all),
        (&["--include", "a"], |f| f.resolve().is_ok_and(|(s, _)| s.choose.include.len() == 1)),
        (&["--exclude", "a"], |f| f.resolve().is_ok_and(|(s, _)| s.choose.exclude.len() == 1)),
        (&["--accept", "200..=299,403"], |f| f.resolve().is_ok_and(|(s, _)| s.ask.accept.contains(403))),
        (&["--accept", "*.h.example=999"], |f| f.links.by_host() == ["*.h.example=999".parse().unwrap()]),
        (&["--root-dir", "src"], |f| f.place.resolve().is_ok_and(|p| p.root_dir.is_some())),
        (&["--base-url", "https://h/x"], |f| f.place.base_url.is_some()),
        (&["--preset", "hugo"], |f| f.place.resolve().is_ok_and(|p| p.preset.name() == "hugo")),
        (&["--remap", "^http://a/(.*) http://b/$1"], |f| f.place.remap.len() == 1),
        (&["--ignore-file", "x"], |f| f.memory.ignore_file.is_some()),
        (&["--baseline", "x", "--update-baseline"], |f| f.memory.update_baseline),
        (&["--grace", "3d", "--state", "x"], |f| f.memory.grace.is_some_and(|d| d.as_secs() == 3 * 86_400)),
        (&["--since-ref", "main"], |f| f.memory.since_ref.is_some()),
        (&["--cache", "x", "--max-age", "1h"], |f| f.memory.ages().bad.as_secs() == 3_600),
        (&["--offline"], |f| f.memory.offline),
        (&["-f", "none"], |f| f.show.shown() == Shown::Nothing),
        (&["-f", "sarif"], |f| f.show.shown() == Shown::As(Kind::Sarif)),
        (&["--diff"], |f| f.show.shown() == Shown::Nothing && f.show.diff),
        (&["--report", "junit=a=b"], |f| {
            f.show.report.first().is_some_and(|r| r.path.as_deref() == Some("a=b".as_ref()))
        }),
        (&["--report", "github=-"], |f| f.show.report.first().is_some_and(|r| r.path.is_none())),
        (&["--rule", "redirected=warn"], |f| {
            Severities::with(f.show.rule.clone()).of(Rule::Redirected) == Severity::Warning
        }),
        (&["--fail-on", "none"], |f| f.show.fail_on == Some(FailOn::Never)),
        (&["--allow-empty"], |f| f.show.allow_empty),
        (&["--fix"], |f| f.show.fix),
        (&["--max-failures", "3"], |f| {
            f.resolve().is_ok_and(|(s, most)| most == Some(3) && s.choose.max_failures.is_none())
        }),
        (&["--fail-fast"], |f| f.resolve().is_ok_and(|(_, most)| most == Some(1))),
        (&["--per-host", "9"], |f| f.resolve().is_ok_and(|(s, _)| s.limits.host.in_flight.get() == 9)),
        (&["-H", "A: b"], |f| f.resolve().is_ok_and(|(s, _)| s.ask.headers.len() == 1)),
        (&["-k"], |f| f.trust.insecure),
        (&["-t", "3s"], |f| f.resolve().is_ok_and(|(s, _)| s.times.attempt.as_secs() == 3)),
    ];
    let defaults = CheckFlags::default();
    for (args, check) in table {
        assert!(check(&typed(args)), "{args:?}");
        assert!(!check(&defaults), "{args:?} tells nothing from the default");
    }
    let (settings, most) = defaults.resolve().unwrap();
    assert_eq!((settings.limits.host.in_flight.get(), most), (4, None));
}

#[test]
fn kinds_are_named_or_taken_away() {
    let kinds = |args: &[&str]| typed(args).links.kinds().unwrap();
    assert_eq!(kinds(&[]), None);
    assert_eq!(kinds(&["--kinds", "anchor,image"]).unwrap(), [LinkKind::Anchor, LinkKind::Image].into());
    let without = kinds(&["--kinds", "-script,-style", "--kinds=-form"]).unwrap();
    assert_eq!(without.len(), LinkKind::ALL.len() - 3);
    assert_eq!(kinds(&["--kinds", "anchor,image,-anchor"]).unwrap(), [LinkKind::Image].into());
}

#[test]
fn what_cannot_be_meant_is_refused_in_a_sentence() {
    for (args, sentence) in [
        (&["--remap", "( x"][..], "unclosed group"),
        (&["--remap", "x"], "'REGEX REPLACEMENT'"),
        (&["--remap", "a $1"], "no group of the expression"),
        (&["--rule", "redirect=warn"], "did you mean `redirected`?"),
        (&["--rule", "dead=fatal"], "write off, warn or error"),
        (&["--preset", "github"], "did you mean `github-pages`?"),
        (&["--exclude", "("], "unclosed group"),
        (&["--kinds", "imgae"], "did you mean `image`?"),
        (&["--kinds", "image,-image"], "nothing would be looked at"),
        (&["--accept", "h=2yy"], "2yy"),
        (&["--accept", "=200"], "write example.com=2xx,403"),
        (&["--base-url", "example.com"], "write https://example.com/docs/"),
        (&["--base-url", "file:///x"], "is not an address"),
        (&["--root-dir", "/nonexistent"], "/nonexistent is not a folder"),
        (&["--report", "sarif"], "write sarif=links.sarif"),
        (&["--report", "sarif="], "write sarif=links.sarif"),
        (&["--report", "serif=x"], "did you mean sarif?"),
        (&["-f", "csv"], "possible values"),
        (&["--fail-on", "all"], "is not error, warning or none"),
        (&["--grace", "3d"], "--state"),
        (&["--restart"], "--state"),
        (&["--max-age", "3d"], "--cache"),
        (&["--update-baseline"], "--baseline"),
        (&["--update-baseline", "--baseline", "x", "--since-ref", "y"], "cannot be used with"),
        (&["--diff", "-f", "json"], "cannot be used with"),
        (&["--max-failures", "5%"], "write a number from 1"),
        (&["--anchors", "yes"], "invalid value 'yes'"),
        (&["--method", "GET"], "unexpected argument"),
    ] {
        let told = refused(args);
        assert!(told.contains(sentence), "{args:?}: {told}");
    }
}
