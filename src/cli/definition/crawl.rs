//! The help of `crawl`.

use clap::{Arg, Command as Clap, builder::StyledStr};
use fetchall::{crawler, settings::RobotsMode};

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

With --state FILE the same command goes on where it was stopped or killed: each page has its record once.

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

/// The flag with the default that it has here, in the short help and in the long.
fn with_default(arg: Arg, elsewhere: &str, here: &str) -> Arg {
    let told =
        |help: &StyledStr| help.to_string().replace(&format!("[default: {elsewhere}]"), &format!("[default: {here}]"));
    let (short, long) = (arg.get_help().map(told), arg.get_long_help().map(told));
    let arg = arg.help(short.unwrap_or_default());
    match long {
        Some(long) => arg.long_help(long),
        None => arg,
    }
}

/// The command with its help.
pub fn dress(command: Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let common = arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    });
    let settings = crawler::settings();
    let robots = if settings.robots == RobotsMode::Obey { "obey" } else { "ignore" };
    command
        .mut_arg("per_host", |arg| with_default(arg, "8", &settings.limits.host.in_flight.to_string()))
        .mut_arg("robots", |arg| with_default(arg, "ignore", robots).help("robots.txt: obey or ignore [default: obey]"))
        .mut_arg("include", |arg| arg.help("Follow only URLs that match this; may be repeated"))
        .mut_arg("exclude", |arg| arg.help("Follow no URL that matches this; may be repeated"))
        .mut_arg("limit", |arg| arg.help("Read at most so many seeds"))
        .mut_arg("with", |arg| arg.help("headers,body,tls,attempts,links,skipped"))
        .mut_arg("ordered", |arg| arg.help("Records in the order in which pages were found"))
        .mut_arg("dry_run", |arg| arg.help("Print which seeds would be asked for, send nothing"))
        // A page is fetched once, with GET.
        .mut_arg("dedupe", |arg| arg.hide(true))
        .mut_arg("retry_unsafe", |arg| arg.hide(true))
        // Records do not tell what was still to be asked for.
        .mut_arg("resume", |arg| arg.hide(true))
        // Rounds are compared request by request, and what a crawl asks for follows from its pages.
        .mut_arg("watch", |arg| arg.hide(true))
        .before_help(EXAMPLES)
        .after_help(AFTER)
        .after_long_help(AFTER_LONG)
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;
    use crate::cli::flags::CrawlFlags;

    #[test]
    fn the_help_tells_the_defaults_that_hold() {
        let mut command = dress(CrawlFlags::augment_args(Command::new("crawl")));
        let settings = crawler::settings();
        let (plan, _) = CrawlFlags::default().resolve().unwrap();
        let robots = if settings.robots == RobotsMode::Obey { "obey" } else { "ignore" };
        let host = crawler::HostPages::OF_MANY;
        for (flag, default) in [
            ("--per-host <", settings.limits.host.in_flight.to_string()),
            ("--robots <", robots.to_owned()),
            ("--concurrency <", settings.limits.in_flight.to_string()),
            ("--host-errors <", settings.limits.host_errors.to_string()),
            ("--depth <", plan.rules.depth.to_string()),
            ("--max-pages <", plan.limits.pages.unwrap().to_string()),
            ("--max-pages-per-host <", format!("{host} with --scope domain or any")),
            ("--scope <", plan.rules.scope.name().to_owned()),
        ] {
            for help in [command.render_help().to_string(), command.render_long_help().to_string()] {
                // The short help has no room for all flags.
                let Some((_, about)) = help.split_once(flag) else { continue };
                let about = about.split_once("\n\n  ").map_or(about, |(about, _)| about);
                let about =
                    about.split("  --").next().unwrap_or(about).split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(about.contains(&format!("[default: {default}]")), "{flag} {default}\n{about}");
            }
        }
    }
}
