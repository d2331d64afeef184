//! The help of `crawl`.

use clap::Command as Clap;

const EXAMPLES: &str = "\
Examples:
  fetchall crawl https://example.com/              three links deep, one host
  fetchall crawl https://example.com/docs/ --scope prefix --depth 9 -o x.jsonl
  fetchall crawl https://example.com/ --max-pages 50 --select price=.price
  fetchall crawl https://example.com/ --check-links | jq 'select(.ok | not)'
  fetchall crawl https://example.com/ --sitemaps on --exclude /tag/";

const AFTER: &str = "\
SEED is a URL, a file of URLs (lines, JSON, CSV, TSV), or - for stdin.
More: --help has every flag; `fetchall explain CODE` tells what an error means.
Exit: 0 done, 1 some pages failed, 2 usage, 3 incomplete, 5 stopped on purpose.";

const AFTER_LONG: &str = "\
Each page is fetched once, whatever links to it: breadth first, gently (two requests at once for a
host), with a record for each page. Links are followed from `a`, `area`, frames, `meta refresh` and
those `link` elements that lead to pages: next, prev, canonical, other languages.

What looks like a trap is left out: calendars without end, loops of folders, growing queries, session
ids. --with skipped says what was left out and why.

Fields given with -H, and credentials, go to the origins of the seeds only.

Every long flag can be set in the environment too: --max-pages is FETCHALL_MAX_PAGES. A flag on the
command line goes before it.

Exit status:
  0         done (also when the reader of stdout leaves)
  1         done; at least one record has `ok: false`: a page that failed is a broken link
  2         wrong usage; nothing was sent
  3         incomplete: the output could not be written or the seeds not be read to their end
  5         stopped on purpose: --deadline, --max-failures, --fail-fast
  101       a bug
  130, 143  ended by SIGINT, SIGTERM";

/// Flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 19] = [
    "depth",
    "max-pages",
    "scope",
    "include",
    "exclude",
    "sitemaps",
    "check-links",
    "nofollow",
    "robots",
    "concurrency",
    "per-host",
    "timeout",
    "header",
    "select",
    "with",
    "output",
    "format",
    "quiet",
    "dry-run",
];

/// The command with its help.
pub fn dress(command: Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let common = arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    });
    command
        .mut_arg("per_host", |arg| arg.help("Requests in flight for one host [default: 2]"))
        .mut_arg("robots", |arg| arg.help("robots.txt: obey or ignore [default: obey]").hide_possible_values(true))
        .mut_arg("include", |arg| arg.help("Follow only URLs that match this; may be repeated"))
        .mut_arg("exclude", |arg| arg.help("Follow no URL that matches this; may be repeated"))
        .mut_arg("limit", |arg| arg.help("Read at most so many seeds"))
        .mut_arg("with", |arg| arg.help("headers,body,tls,attempts,links,skipped"))
        .mut_arg("ordered", |arg| arg.help("Records in the order in which pages were found"))
        .mut_arg("dry_run", |arg| arg.help("Print which seeds would be asked for, send nothing"))
        // A page is fetched once, with GET.
        .mut_arg("dedupe", |arg| arg.hide(true))
        .mut_arg("retry_unsafe", |arg| arg.hide(true))
        .before_help(EXAMPLES)
        .after_help(AFTER)
        .after_long_help(AFTER_LONG)
}
