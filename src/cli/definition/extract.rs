//! The help of `extract`.

use clap::Command as Clap;

const EXAMPLES: &str = "\
Examples:
  fetchall urls.txt --with body -o pages.jsonl          keep what was fetched
  fetchall extract pages.jsonl --select title=h1        ask it again, no network
  fetchall extract saved/ --base-url https://example.com/ --recipe shop.toml
  curl -s https://example.com/ | fetchall extract --view markdown";

const AFTER: &str = "\
More: --help has every flag; docs/extract.md has the grammar of selectors.
Exit: 0 done, 1 some failed, 2 usage, 3 incomplete.";

const AFTER_LONG: &str = "\
One record for each page, in the order of the input. All cores are used, and memory does not grow
with the input.

Every long flag can be set in the environment too: --base-url is FETCHALL_BASE_URL. A flag on the
command line goes before it.

Exit status:
  0         done (also when the reader of stdout leaves)
  1         done; a page could not be read, or has not what is required
  2         wrong usage, a selector or recipe that cannot be read, no page at all
  3         incomplete: the output could not be written or the input not be read to its end
  101       a bug
  130, 143  ended by SIGINT, SIGTERM";

/// Flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 13] = [
    "select", "json", "regex", "required", "recipe", "view", "with", "base-url", "output", "format", "fields", "quiet",
    "dry-run",
];

/// The command with its help.
pub fn dress(command: Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let common = arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    });
    command
        .mut_arg("with", |arg| arg.help("Heavy keys: body,links"))
        .mut_arg("dry_run", |arg| {
            let help = "Print what would be read, and read nothing";
            arg.help(help).long_help(help)
        })
        // Records are in order anyway.
        .mut_arg("ordered", |arg| arg.hide(true))
        .before_help(EXAMPLES)
        .after_help(AFTER)
        .after_long_help(AFTER_LONG)
}
