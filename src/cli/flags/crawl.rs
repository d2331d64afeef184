//! Flags of `crawl`: those of `fetch` that make sense for pages, and its own.
//!
//! Must not know what a crawl does with them.

use std::num::{NonZeroU32, NonZeroU64};

use fetchall::{
    crawl::Nofollow,
    crawler::{self, CrawlLimits, CrawlPlan, CrawlRules, Extras, HostPages, Traps},
    policy::{canonical::Tracking, scope::Scope},
    session::Login,
};

use super::{
    BadFlag, CacheFlags, ChooseFlags, ContinueFlags, ExtractFlags, FilesFlags, InsightFlags, OutputFlags,
    PatienceFlags, SaveFlags, SpeedFlags, TrustFlags, WarcFlags, login, request::CommonFlags, trust::Switch, values,
};

/// `--scope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ScopeArg {
    /// the host and port of a seed
    Host,
    /// the registrable domain of a seed, on any port
    Domain,
    /// the folder of a seed
    Prefix,
    /// everything
    Any,
}

/// `--nofollow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NofollowArg {
    /// such links are not followed
    Obey,
    /// they are
    Ignore,
}

/// Flags of the group "Crawl".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Crawl")]
pub struct RuleFlags {
    /// Links away from a seed at most [default: 3]
    ///
    /// 0 is the seeds only.
    #[arg(long, value_name = "N", value_parser = values::number)]
    pub depth: Option<u32>,
    /// Pages at most; 0 is all [default: 1000]
    #[arg(long, value_name = "N", value_parser = number)]
    pub max_pages: Option<u64>,
    /// Pages of one host at most; 0 is all [default: 10000 with --scope domain or any]
    ///
    /// Where the crawl stays on the hosts of the seeds, --max-pages is enough.
    #[arg(long, value_name = "N", value_parser = values::number)]
    pub max_pages_per_host: Option<u32>,
    /// host, domain, prefix or any [default: host]
    ///
    /// `host` is the host and port of a seed, `domain` its registrable domain (by the public suffix
    /// list) on any port, `prefix` the folder of the seed and below, `any` the web. Where a seed is
    /// redirected to, the crawl may go as well, and says so; with `prefix` not to another folder of the
    /// same site.
    #[arg(long, value_name = "SCOPE", hide_possible_values = true)]
    pub scope: Option<ScopeArg>,
    /// Read sitemaps too: on or off [default: off]
    ///
    /// Those at /sitemap.xml of the seeds' hosts and those that their robots.txt names; indexes up to
    /// five levels deep, on the hosts of the crawl; elsewhere what robots.txt names, and one level more.
    /// Their entries count as one link away from a seed.
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub sitemaps: Option<Switch>,
    /// Ask once for links out of the scope
    ///
    /// None of them is followed. With HEAD, and with GET up to the head of the answer where that is
    /// refused; those that are marked nofollow too. Their records have no `depth` and no `links`, and do
    /// not count as pages of --max-pages.
    #[arg(long)]
    pub check_links: bool,
    /// Leave out what looks like a trap: on or off [default: on]
    ///
    /// Calendars without end, loops of folders, growing queries: `budget.trap`. --with skipped lists
    /// what was left out.
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub traps: Option<Switch>,
    /// Take utm_source, gclid and their like off
    #[arg(long)]
    pub drop_tracking: bool,
    /// rel=nofollow and its like: obey or ignore [default: obey]
    ///
    /// `rel=nofollow`, `<meta name=robots>`, `X-Robots-Tag`.
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub nofollow: Option<NofollowArg>,
}

fn number(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| format!("`{text}` is not a number from 0"))
}

impl RuleFlags {
    fn rules(&self) -> CrawlRules {
        let base = CrawlRules::default();
        CrawlRules {
            scope: match self.scope {
                Some(ScopeArg::Host) => Scope::Host,
                Some(ScopeArg::Domain) => Scope::Domain,
                Some(ScopeArg::Prefix) => Scope::Prefix,
                Some(ScopeArg::Any) => Scope::Any,
                None => base.scope,
            },
            depth: self.depth.unwrap_or(base.depth),
            tracking: if self.drop_tracking { Tracking::Drop } else { base.tracking },
            nofollow: match self.nofollow {
                Some(NofollowArg::Obey) => Nofollow::Obey,
                Some(NofollowArg::Ignore) => Nofollow::Ignore,
                None => base.nofollow,
            },
            ..base
        }
    }

    fn limits(&self) -> CrawlLimits {
        let base = CrawlLimits::default();
        CrawlLimits {
            pages: self.max_pages.map_or(base.pages, NonZeroU64::new),
            host_pages: match self.max_pages_per_host {
                Some(most) => NonZeroU32::new(most).map_or(HostPages::All, HostPages::Most),
                None => base.host_pages,
            },
            traps: match self.traps {
                Some(Switch::On) => Traps::On,
                Some(Switch::Off) => Traps::Off,
                None => base.traps,
            },
        }
    }
}

/// Everything that `crawl` takes.
#[derive(clap::Args, Debug, Default)]
pub struct CrawlFlags {
    /// URL, file of URLs, or - for stdin
    ///
    /// As for `fetch`. All seeds are read before the first page is asked for, since the scope depends on
    /// them. Without a seed, a pipe on stdin is read.
    #[arg(value_name = "SEED")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub rules: RuleFlags,
    #[command(flatten)]
    pub choose: ChooseFlags,
    #[command(flatten)]
    pub speed: SpeedFlags,
    #[command(flatten)]
    pub patience: PatienceFlags,
    #[command(flatten)]
    pub request: CommonFlags,
    #[command(flatten)]
    pub trust: TrustFlags,
    #[command(flatten)]
    pub extract: ExtractFlags,
    #[command(flatten)]
    pub save: SaveFlags,
    #[command(flatten)]
    pub files: FilesFlags,
    #[command(flatten)]
    pub warc: WarcFlags,
    #[command(flatten)]
    pub cache: CacheFlags,
    #[command(flatten)]
    pub continued: ContinueFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub insight: InsightFlags,
}

impl CrawlFlags {
    /// The plan of a crawl, seeds aside, and how to log in before; what concerns only the command line
    /// stays in `self`.
    pub fn resolve(&self) -> Result<(CrawlPlan, Option<Login>), BadFlag> {
        if self.choose.dedupe.is_some() {
            return Err(BadFlag::new("--dedupe", "a crawl fetches each page once; it does not go with `crawl`"));
        }
        if self.continued.resume.is_some() {
            return Err(BadFlag::new(
                "--resume",
                "records do not tell what a crawl has still to ask for; with --state FILE a crawl goes on",
            ));
        }
        if self.continued.watch.is_some() {
            return Err(BadFlag::new(
                "--watch",
                "goes with `fetch`: rounds of one list are compared, and a crawl has none",
            ));
        }
        let mut settings = crawler::settings();
        self.speed.resolve(&mut settings)?;
        self.patience.resolve(&mut settings)?;
        self.request.resolve(&mut settings)?;
        self.trust.resolve(&mut settings)?;
        self.choose.resolve(&mut settings);
        let recipe = self.extract.resolve(&mut settings)?;
        let login = login::resolve(recipe.as_ref(), &self.trust, &mut settings)?;
        self.output.resolve(&mut settings);
        self.warc.resolve(&mut settings)?;
        self.files.resolve(&mut settings, self.request.max_body)?;
        if self.files.counts() {
            return Err(BadFlag::new("--save-name", "{seq} is the place in a list; it does not go with `crawl`"));
        }
        self.cache.resolve(&mut settings)?;
        self.cache.check_login(login.is_some())?;
        let extras = Extras {
            sitemaps: self.rules.sitemaps == Some(Switch::On),
            outside: self.rules.check_links,
            skipped: std::mem::take(&mut settings.pages.with.skipped),
        };
        let (rules, limits) = (self.rules.rules(), self.rules.limits());
        Ok((CrawlPlan { seeds: Vec::new(), rules, limits, extras, settings }, login))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use fetchall::settings::{AUTO_MOST, Adaptive};

    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        flags: CrawlFlags,
    }

    fn plan(args: &[&str]) -> Result<CrawlPlan, String> {
        let typed = Typed::try_parse_from([&["crawl"], args].concat()).map_err(|error| error.to_string())?;
        typed.flags.resolve().map(|(plan, _)| plan).map_err(|error| error.to_string())
    }

    #[test]
    fn a_crawl_is_small_and_gentle_unless_told_otherwise() {
        let plan = plan(&["http://h/"]).unwrap();
        assert_eq!((plan.rules.depth, plan.limits.pages.map(NonZeroU64::get)), (3, Some(1000)));
        assert_eq!((plan.rules.scope, plan.rules.nofollow), (Scope::Host, Nofollow::Obey));
        assert_eq!((plan.settings.limits.host.in_flight.get(), plan.extras), (2, Extras::default()));
    }

    #[test]
    fn each_flag_reaches_the_plan() {
        let plan = plan(&[
            "x",
            "--depth=0",
            "--max-pages=0",
            "--scope=domain",
            "--sitemaps=on",
            "--check-links",
            "--drop-tracking",
            "--nofollow=ignore",
            "--with=skipped,headers",
            "--per-host=5",
            "--traps=off",
            "--max-pages-per-host=7",
        ])
        .unwrap();
        assert_eq!((plan.rules.depth, plan.limits.pages, plan.rules.scope), (0, None, Scope::Domain));
        assert_eq!(
            (plan.limits.traps, plan.limits.host_pages),
            (Traps::Off, HostPages::Most(NonZeroU32::new(7).unwrap()))
        );
        assert_eq!(plan.extras, Extras { sitemaps: true, outside: true, skipped: true });
        assert_eq!((plan.rules.tracking, plan.rules.nofollow), (Tracking::Drop, Nofollow::Ignore));
        assert_eq!((plan.settings.limits.host.in_flight.get(), plan.settings.pages.with.headers), (5, true));
    }

    #[test]
    fn what_is_found_out_for_the_run_leaves_hosts_alone_unless_they_are_named() {
        let of = |args: &[&str]| plan(args).unwrap().settings.limits;
        let auto = of(&["x", "-c", "auto"]);
        assert_eq!((auto.host.in_flight.get(), auto.in_flight, auto.adaptive), (2, AUTO_MOST, Adaptive::All));
        assert_eq!(of(&["x", "-c", "auto", "--per-host", "99"]).host.in_flight.get(), 99);
        let hosts = of(&["x", "--adaptive", "on", "--per-host", "32"]);
        assert_eq!((hosts.adaptive, hosts.host.in_flight.get()), (Adaptive::Hosts, 32));
    }

    #[test]
    fn what_makes_no_sense_for_pages_is_refused() {
        assert!(plan(&["x", "--dedupe=none"]).unwrap_err().contains("each page once"));
        assert!(plan(&["x", "--resume=x.jsonl"]).unwrap_err().contains("--state FILE"));
        assert!(plan(&["x", "--watch=5m"]).unwrap_err().contains("goes with `fetch`"));
        assert!(plan(&["x", "--depth=-1"]).is_err() && plan(&["x", "--method=POST"]).is_err());
    }
}
