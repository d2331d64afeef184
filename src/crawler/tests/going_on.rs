//! Crawls that are killed at any moment and go on: what they come to in the end is what an undisturbed one
//! comes to.

use std::{
    collections::HashSet,
    ops::Bound,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::*;
use crate::{
    journal::{Done, JournalError, Trail, trail::Rows},
    model::{Step, record::Outcome},
};

/// Steps in memory, which come in small parts.
#[derive(Debug, Default)]
struct Shelf(Mutex<BTreeMap<u64, Step>>);

impl Shelf {
    fn after<T>(&self, after: Option<u64>, most: usize, take: impl Fn(u64, &Step) -> T) -> Vec<T> {
        let steps = self.0.lock().unwrap();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        steps.range((from, Bound::Unbounded)).take(most).map(|(seq, step)| take(*seq, step)).collect()
    }
}

impl Rows for Shelf {
    fn keys(&self, after: Option<u64>) -> Result<Vec<(u64, Option<u128>, bool)>, JournalError> {
        Ok(self.after(after, 5, |seq, step| (seq, step.key, step.is_page)))
    }

    fn steps(&self, after: Option<u64>) -> Result<Vec<(u64, Step)>, JournalError> {
        Ok(self.after(after, 3, |seq, step| (seq, step.clone())))
    }
}

/// Counts what goes over the wire.
struct Counted(Graph, AtomicUsize);

impl Wire for Counted {
    async fn exchange(&self, ask: Ask) -> Exchange {
        self.1.fetch_add(1, Relaxed);
        self.0.exchange(ask).await
    }
}

/// What a crawl of a graph is told.
#[derive(Clone, Copy, Debug)]
struct Wish {
    depth: u32,
    pages: u64,
    at_once: usize,
    order: crate::settings::Order,
    skipped: bool,
}

/// A crawl in parts.
struct Parts {
    wire: Arc<Counted>,
    wish: Wish,
    shelf: Arc<Shelf>,
    done: Done,
    records: Vec<Record>,
}

impl Parts {
    fn of(graph: &Graph, wish: Wish) -> Parts {
        let wire = Arc::new(Counted(graph.clone(), AtomicUsize::new(0)));
        Parts { wire, wish, shelf: Arc::default(), done: Done::default(), records: Vec::new() }
    }

    /// Goes on until so many more records have come, of which only some were settled before the kill; or to
    /// the end.
    fn run(&mut self, kill: Option<(usize, usize)>) {
        let seeds = ["http://h/0", "nonsense://x", "http://h/0", "http://h/1"].map(Request::get).to_vec();
        let mut plan = CrawlPlan { seeds, settings: settings(), ..CrawlPlan::default() };
        plan.settings.robots = crate::settings::RobotsMode::Ignore;
        plan.settings.limits.host.in_flight = NonZeroUsize::new(self.wish.at_once).unwrap();
        plan.settings.choose.order = self.wish.order;
        plan.rules.depth = self.wish.depth;
        plan.limits.pages = NonZeroU64::new(self.wish.pages);
        plan.extras.skipped = self.wish.skipped;
        let trail = Trail { seed: 7, done: self.done.clone(), rows: Arc::clone(&self.shelf) as _ };
        let crawler = Crawler::over(plan, Arc::clone(&self.wire)).unwrap().resume(trail);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (most, settled) = kill.unwrap_or((usize::MAX, usize::MAX));
        runtime.block_on(async {
            let mut run = crawler.start();
            for at in 0..most {
                let Some(record) = run.records.recv().await else {
                    assert_eq!(run.end.await.unwrap().source_error, None);
                    break;
                };
                let step = record.step.as_deref().map(|step| (record.seq, step.clone()));
                self.shelf.0.lock().unwrap().extend(step);
                if at < settled {
                    self.done.insert(record.seq);
                    self.records.push(record);
                }
            }
        });
    }

    /// Every record once: its URL, why it was left out if it was, and its distance.
    #[track_caller]
    fn told(&self) -> BTreeMap<(String, Option<String>), Option<u32>> {
        let seqs: HashSet<u64> = self.records.iter().map(|record| record.seq).collect();
        assert_eq!(seqs.len(), self.records.len(), "no number twice");
        let told = |record: &Record| {
            let code = record.skip.as_ref().map(|skip| skip.code.to_string());
            let url = record.url.clone().unwrap_or_else(|| record.input.to_string());
            ((url, code), record.page.as_ref().and_then(|page| page.depth))
        };
        let all: BTreeMap<_, _> = self.records.iter().map(told).collect();
        assert_eq!(all.len(), self.records.len(), "no page twice: {all:?}");
        all
    }
}

fn wishes() -> impl Strategy<Value = Wish> {
    let order = prop_oneof![Just(crate::settings::Order::Completion), Just(crate::settings::Order::Input)];
    (0_u32..6, 1_usize..6, order, any::<bool>()).prop_map(|(depth, at_once, order, skipped)| Wish {
        depth,
        pages: 0,
        at_once,
        order,
        skipped,
    })
}

fn kills() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0_usize..9, 0_usize..9), 0..5)
}

fn any_graph() -> impl Strategy<Value = Graph> {
    graphs(prop_oneof![5 => links(), 1 => (0_usize..17).prop_map(Does::Sends), 1 => Just(Does::Fails)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_crawl_that_is_killed_comes_to_what_an_undisturbed_one_comes_to(
        graph in graphs(prop_oneof![6 => links(), 1 => Just(Does::Fails)]),
        wish in wishes(),
        kills in kills(),
    ) {
        let mut whole = Parts::of(&graph, wish);
        whole.run(None);
        let mut parts = Parts::of(&graph, wish);
        kills.into_iter().for_each(|kill| parts.run(Some(kill)));
        parts.run(None);
        prop_assert_eq!(parts.told(), whole.told());
        let asked = parts.wire.1.load(Relaxed);
        parts.run(None);
        prop_assert_eq!(parts.wire.1.load(Relaxed), asked, "what is whole asks for nothing");
        prop_assert_eq!(parts.records.len(), whole.records.len());
    }

    #[test]
    fn with_redirects_every_page_that_can_be_reached_answers_and_none_has_two_records(
        graph in any_graph(),
        wish in wishes(),
        kills in kills(),
    ) {
        let mut parts = Parts::of(&graph, Wish { depth: 99, ..wish });
        kills.into_iter().for_each(|kill| parts.run(Some(kill)));
        parts.run(None);
        parts.told();
        let number = |url: &String| url.rsplit('/').next().unwrap().parse::<usize>().unwrap();
        let answered = parts.records.iter().filter(|record| record.outcome != Outcome::Skipped && record.status != Some(302));
        let answered: BTreeSet<_> = answered.filter_map(|record| record.final_url.as_ref()).map(number).collect();
        let mut reached = graph.reached();
        let second = Graph([vec![(Does::Links(vec![1]), 0)], graph.0.get(1..).unwrap_or_default().to_vec()].concat());
        reached.extend(second.reached().into_iter().filter(|page| *page > 0 || graph.lands(1) == Some(0)));
        prop_assert!(answered.iter().all(|page| graph.lands(*page).is_some()));
        prop_assert!(reached.is_superset(&answered) || graph.0.len() < 2);
        prop_assert!(graph.reached().is_subset(&answered));
    }

    #[test]
    fn as_many_pages_as_allowed_are_asked_for_in_all(
        graph in graphs(links()),
        wish in wishes(),
        pages in 1_u64..8,
        kills in kills(),
    ) {
        let wish = Wish { depth: 99, pages, skipped: false, ..wish };
        let mut whole = Parts::of(&graph, wish);
        whole.run(None);
        let mut parts = Parts::of(&graph, wish);
        kills.into_iter().for_each(|kill| parts.run(Some(kill)));
        parts.run(None);
        parts.told();
        let asked = |parts: &Parts| parts.records.iter().filter(|record| record.started_at.is_some()).count();
        prop_assert_eq!(asked(&parts), asked(&whole));
    }
}

#[test]
fn what_was_asked_for_once_is_not_asked_for_again() {
    let graph = Graph(vec![(Does::Links((1..60).collect()), 5); 60]);
    let order = crate::settings::Order::Completion;
    let wish = Wish { depth: 3, pages: 0, at_once: 2, order, skipped: false };
    let mut parts = Parts::of(&graph, wish);
    for _ in 0..6 {
        parts.run(Some((10, 10)));
    }
    parts.run(None);
    assert_eq!(parts.told().len(), 60 + 2);
    let asked = parts.wire.1.load(Relaxed);
    assert!(asked <= 60 + 6 * 3, "{asked}: more than what was in flight at the kills");
}

#[test]
fn what_failed_is_asked_for_again_under_its_number() {
    let graph =
        Graph(vec![(Does::Links(vec![1, 2, 3]), 5), (Does::Links(vec![]), 5), (Does::Fails, 5), (Does::Fails, 5)]);
    let order = crate::settings::Order::Input;
    let wish = Wish { depth: 3, pages: 4, at_once: 2, order, skipped: true };
    let mut parts = Parts::of(&graph, wish);
    parts.run(None);
    let failed = |parts: &Parts| -> Vec<u64> {
        parts.records.iter().filter(|record| record.outcome == Outcome::HttpError).map(|record| record.seq).collect()
    };
    let first = failed(&parts);
    assert_eq!((first.len(), parts.wire.1.load(Relaxed)), (2, 4));
    first.iter().for_each(|seq| _ = parts.done.remove(*seq));
    parts.records.clear();
    parts.run(None);
    assert_eq!((failed(&parts), parts.records.len(), parts.wire.1.load(Relaxed)), (first, 2, 6));
}

#[test]
fn what_was_left_out_is_not_new_where_a_page_leads_to_it_later() {
    let graph = Graph(vec![(Does::Links(vec![2]), 5), (Does::Links(vec![2]), 5), (Does::Links(vec![]), 5)]);
    let order = crate::settings::Order::Input;
    let wish = Wish { depth: 3, pages: 2, at_once: 1, order, skipped: true };
    let mut parts = Parts::of(&graph, wish);
    parts.run(None);
    let left = parts.records.iter().find(|record| record.url.as_deref() == Some("http://h/2")).unwrap().clone();
    assert_eq!(left.skip.as_ref().unwrap().code, Code::BudgetPages);
    let seed = parts.records.iter().find(|record| record.url.as_deref() == Some("http://h/1")).unwrap().seq;
    // Both seeds are asked for again, and nobody else leads there.
    parts.done.remove(seed);
    parts.done.remove(0);
    parts.records.clear();
    parts.run(None);
    let new = |record: &Record| record.page.as_ref().and_then(|page| page.links.as_ref()).map(|links| links.new);
    let new: Vec<_> = parts.records.iter().filter_map(new).collect();
    assert_eq!(new, [0, 0], "it has its record");
}
