//! The help of `check`.

use clap::Command as Clap;

const EXAMPLES: &str = "\
Examples:
  fetchall check docs README.md             links of files and of a folder
  fetchall check public --base-url https://example.com/ --preset netlify
  fetchall check https://example.com/ --recurse -f jsonl
  fetchall check . --external off           files only: nothing is sent
  fetchall check docs --report sarif=links.sarif -f github
  fetchall check docs --fix --diff          what --fix would change";

const AFTER: &str = "\
More: --help has every flag; `fetchall explain` lists rules and codes.
Exit: 0 fine, 1 findings, 2 usage, 3 incomplete, 4 no links, 5 stopped.";

const AFTER_LONG: &str = "\
Every link has its verdict: fine, or a rule that says what is wrong (`fetchall explain link.dead`).
A rule weighs nothing, is a warning or an error; --rule changes that, --fail-on says what fails.

Comments in Markdown and HTML leave links out: <!-- fetchall:ignore-next reason=\"…\" -->, and
ignore-line, ignore-start, ignore-end, ignore-file.

Every long flag can be set in the environment too: --root-dir is FETCHALL_ROOT_DIR. A flag on the
command line goes before it.

Exit status:
  0         nothing at or above --fail-on (also when the reader of stdout leaves)
  1         findings at or above --fail-on
  2         wrong usage, a file of patterns or state that cannot be read; nothing was sent
  3         incomplete: an output could not be written, or an input not be read to its end
  4         no links at all (--allow-empty turns it off)
  5         stopped on purpose: --deadline, --max-failures, --fail-fast
  101       a bug
  130, 143  ended by SIGINT, SIGTERM";

/// Flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 22] = [
    "anchors",
    "external",
    "recurse",
    "kinds",
    "accept",
    "root-dir",
    "base-url",
    "preset",
    "ignore-file",
    "baseline",
    "grace",
    "since-ref",
    "cache",
    "format",
    "report",
    "rule",
    "fail-on",
    "fix",
    "diff",
    "concurrency",
    "timeout",
    "quiet",
];

/// The command with its help.
pub fn dress(command: Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let common = arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    });
    command
        .mut_arg("per_host", |arg| arg.help("Requests in flight for one host [default: 4]"))
        .mut_arg("max_failures", |arg| arg.value_name("N").help("Stop after so many findings that fail"))
        // Links are asked for with HEAD and GET only.
        .mut_arg("retry_unsafe", |arg| arg.hide(true))
        .before_help(EXAMPLES)
        .after_help(AFTER)
        .after_long_help(AFTER_LONG)
}
