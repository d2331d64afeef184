//! robots.txt under our limits and times, and never a lost record.

use std::task::Poll;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_host_whose_file_hangs_holds_up_nobody_else() {
    let says = |host: &str| if host == "hangs" { Says::Never } else { Says::Status(404) };
    let mut urls = vec!["http://hangs/1"; 20];
    urls.extend(["http://fast/1", "http://fast/2"]);
    let mut settings = obeying();
    settings.limits.in_flight = NonZeroUsize::new(2).unwrap();
    settings.choose.dedupe = Dedupe::Off;
    let (launched, _) = start(settings, says, &urls);
    let handle = launched.handle.clone();
    let (begun, mut records, mut fast) = (Instant::now(), launched.records, Vec::new());
    while fast.len() < 2 {
        let record = records.recv().await.unwrap();
        assert!(record.input.contains("fast"));
        fast.push(begun.elapsed().as_millis());
    }
    assert!(fast[1] <= 50, "{fast:?}");
    sleep(Duration::from_secs(1)).await;
    let progress = handle.progress();
    assert_eq!((progress.in_flight, progress.waiting, progress.read), (1, 20, 22));
    let mut rest = 0;
    while records.recv().await.is_some() {
        rest += 1;
    }
    // Three tries of 30 s, and backoff between them.
    assert!(rest == 20 && begun.elapsed() >= Duration::from_secs(90) && begun.elapsed() < Duration::from_secs(95));
}

#[tokio::test(start_paused = true)]
async fn url_timeout_bounds_the_file_too() {
    let mut settings = obeying();
    settings.times.url = Some(Duration::from_secs(1));
    let says = |host: &str| if host == "hangs" { Says::Never } else { Says::Status(404) };
    let begun = Instant::now();
    let urls = ["http://hangs/1", "http://hangs/2", "http://fast/to/hangs/3"];
    let (records, _) = fetched(settings, says, &urls).await;
    assert!((1000..1100).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert_eq!((skip(&records[0]).0, skip(&records[1]).0), ("robots.unavailable", "robots.unavailable"));
    // Its own time began with its first hop; either may end first, and either ends it.
    assert!(!records[2].ok);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_a_file_after_a_hop_runs_out_of_its_time_and_ends_the_run() {
    let says = |host: &str| if host == "hangs" { Says::Never } else { Says::Status(404) };
    let mut settings = obeying();
    settings.times.url = Some(Duration::from_secs(60));
    let begun = Instant::now();
    let (records, _) = fetched(settings, says, &["http://slow/to/hangs/1"]).await;
    assert_eq!(records[0].error.as_ref().map(|error| error.code), Some(Code::TimeoutTotal), "{records:?}");
    // Behind the file of its first host it had 60 s; the other file began 5 s later.
    assert_eq!(begun.elapsed().as_millis(), 60_020);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_when_the_run_is_stopped_gets_a_record_at_once() {
    for (why, code) in [(Stop::Asked, "cancelled"), (Stop::Failures, "budget.failures")] {
        let (launched, wire) = start(obeying(), |_| Says::Never, &["http://h/1", "http://h/2", "http://g/3"]);
        let handle = launched.handle.clone();
        let begun = Instant::now();
        tokio::spawn(async move {
            sleep(Duration::from_millis(500)).await;
            handle.stop(why);
        });
        let records = collect(launched).await;
        assert_law(&records, 3);
        let name = |record: &Record| match (&record.error, &record.skip) {
            (Some(error), _) => error.code.name(),
            (_, Some(skip)) => skip.code.name(),
            _ => "",
        };
        assert!(records.iter().all(|record| name(record) == code), "{records:?}");
        assert_eq!(begun.elapsed().as_millis(), 500, "nobody waits for a file that nobody needs");
        assert_eq!(wire.sent().len(), 2);
    }
    let mut short = obeying();
    short.times.run = Some(Duration::from_millis(700));
    let (records, _) = fetched(short, |_| Says::Never, &["http://h/1", "http://h/2"]).await;
    assert!(records.iter().all(|record| skip(record).0 == "budget.deadline"), "{records:?}");
}

#[tokio::test(start_paused = true)]
async fn a_crawl_delay_spaces_the_starts_of_its_host_if_it_is_longer_than_ours() {
    let urls = ["http://h/1", "http://h/2", "http://h/3"];
    let slow = |_: &str| Says::File("user-agent: *\ncrawl-delay: 2\n");
    let (records, wire) = fetched(obeying(), slow, &urls).await;
    assert_eq!(wire.sent().iter().map(|(at, _)| *at / 10 * 10).collect::<Vec<_>>(), [0, 2000, 4000, 6000]);
    assert!(records.iter().all(|record| record.waits[0].0 == Wait::HostRate), "the longest part is named");
    let mut patient = obeying();
    patient.limits.host.delay = Duration::from_secs(5);
    let (_, wire) = fetched(patient, slow, &urls).await;
    assert_eq!(wire.sent().iter().map(|(at, _)| *at / 10 * 10).collect::<Vec<_>>(), [0, 5000, 10_000, 15_000]);
    let century = |_: &str| Says::File("user-agent: *\ncrawl-delay: 3155760000\n");
    let (_, wire) = fetched(obeying(), century, &urls).await;
    assert_eq!(wire.sent().last().unwrap().0 / 1000, 90);
}

#[tokio::test(start_paused = true)]
async fn the_file_of_a_host_tells_how_long_it_takes_and_a_longer_crawl_delay_counts() {
    let urls = ["http://h/1", "http://h/2"];
    let mut hundredfold = obeying();
    hundredfold.limits.host.factor = "100x".parse().ok();
    let (records, wire) = fetched(hundredfold.clone(), |_| Says::Status(404), &urls).await;
    // The file takes 20 ms, a page 10.
    assert_eq!(wire.sent().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 2020, 3030]);
    assert_eq!(records[1].waits[0].0, Wait::HostRate);
    let (_, wire) = fetched(hundredfold, |_| Says::File("user-agent: *\ncrawl-delay: 20\n"), &urls).await;
    assert_eq!(wire.sent().iter().map(|(at, _)| *at / 10 * 10).collect::<Vec<_>>(), [0, 20_000, 40_000]);
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_host_hold_for_its_file() {
    let mut settings = obeying();
    settings.limits.host.delay = Duration::from_secs(1);
    let says = |host: &str| if host == "h" { Says::To("http://g/moved") } else { Says::Status(404) };
    let (_, wire) = fetched(settings, says, &["http://g/1", "http://h/1"]).await;
    let of_g: Vec<_> = wire.sent().into_iter().filter(|(_, url)| url.starts_with("http://g/")).collect();
    let starts: Vec<_> = of_g.iter().map(|(at, _)| *at / 1000).collect();
    assert_eq!((starts, of_g[0].1.as_str()), (vec![0, 1, 2], "http://g/robots.txt"));
}

#[tokio::test(start_paused = true)]
async fn after_a_day_the_file_is_asked_for_again_and_what_still_waits_is_judged_by_the_new_one() {
    let mut settings = obeying();
    settings.limits.host.delay = Duration::from_hours(10);
    let urls = ["http://h/1", "http://h/2", "http://h/3", "http://h/4", "http://h/5", "http://h/6"];
    let (_, wire) = fetched(settings, |_| Says::Status(404), &urls).await;
    let hours: Vec<_> =
        wire.sent().iter().filter(|(_, url)| url.ends_with("robots.txt")).map(|(at, _)| *at / 3_600_000).collect();
    // At 30 h the third page gives its turn back; at 40 h the file has its own.
    assert_eq!(hours, [0, 40, 80]);
    assert_eq!(wire.urls()[1..4], ["http://h/1", "http://h/2", "http://h/robots.txt"]);
}

#[tokio::test(start_paused = true)]
async fn of_many_new_hosts_each_has_its_page_right_after_its_file() {
    let urls: Vec<String> = (0..100).map(|n| format!("http://h{n}/x")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let (_, wire) = fetched(obeying(), |_| Says::Status(404), &urls).await;
    let sent = wire.sent();
    let at = |url: &str| sent.iter().find(|(_, sent)| sent == url).unwrap().0;
    for n in 0..100 {
        let gap = at(&format!("http://h{n}/x")) - at(&format!("http://h{n}/robots.txt"));
        assert!(gap <= 50, "{gap} ms after the file, whose connection is idle meanwhile");
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_the_held_are_let_go_queues_behind_them() {
    let wire = Arc::new(Hosts { says: |_| Says::Status(404), begun: Instant::now(), sent: Mutex::default() });
    let mut one = settings(1, 1);
    one.robots = RobotsMode::Obey;
    let engine = Engine::new(Arc::new(one), Arc::clone(&wire), None, Arc::new(Stage::new(1)));
    let (begun, mut next) = (Instant::now(), 0);
    // The second half is there when the file has just come.
    let source = stream::poll_fn(move |_| {
        if next == 300 && begun.elapsed() < Duration::from_millis(20) {
            return Poll::Pending;
        }
        next += 1;
        Poll::Ready((next <= 600).then(|| Ok(Request::get(format!("http://h/{next}")))))
    });
    assert_law(&collect(engine.start(source.boxed())).await, 600);
    let order: Vec<u32> = wire.urls()[1..].iter().map(|url| url["http://h/".len()..].parse().unwrap()).collect();
    assert!(order.is_sorted(), "{order:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn the_law_holds_whatever_becomes_of_the_files(
        kinds in proptest::collection::vec((0..8usize, 0..4u8, 0..8usize), 1..120),
        slots in 1..6usize,
        per_host in 1..3usize,
        window in 1..40usize,
        stop_at in proptest::option::of(0..40_000u64),
        url_timeout in proptest::option::of(100..20_000u64),
    ) {
        fn says(host: &str) -> Says {
            match host {
                "h0" => Says::Status(404),
                "h1" => Says::File("user-agent: *\ndisallow: /2\ncrawl-delay: 1"),
                "h2" => Says::Status(503),
                "h3" => Says::Never,
                "h4" => Says::To("http://h1/moved"),
                "h5" => Says::To("http://h3/moved"),
                "h6" => Says::Fails(Code::ConnectRefused),
                _ => Says::Status(429),
            }
        }
        let urls: Vec<String> = kinds.iter().enumerate().map(|(n, (host, kind, to))| match kind {
            0 => format!("http://h{host}/to/h{to}/{n}"),
            1 => format!("http://h{host}/robots.txt?{n}"),
            _ => format!("http://h{host}/{kind}/{n}"),
        }).collect();
        let mut settings = obeying();
        settings.limits.in_flight = NonZeroUsize::new(slots).unwrap();
        settings.limits.host.in_flight = NonZeroUsize::new(per_host).unwrap();
        settings.limits.window = NonZeroUsize::new(window).unwrap();
        settings.times.url = url_timeout.map(Duration::from_millis);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (records, progress) = runtime.block_on(async move {
            let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
            let (mut launched, _) = start(settings, says, &urls);
            let handle = launched.handle.clone();
            if let Some(at) = stop_at {
                tokio::spawn(async move { sleep(Duration::from_millis(at)).await; handle.stop(Stop::Asked) });
            }
            let mut records = Vec::new();
            let all = async { while let Some(record) = launched.records.recv().await { records.push(record); } };
            tokio::time::timeout(Duration::from_hours(100), all).await.expect("the run hangs");
            (records, launched.handle.progress())
        });
        let mut seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        seqs.sort_unstable();
        proptest::prop_assert_eq!(&seqs, &(0..progress.read).collect::<Vec<_>>());
        proptest::prop_assert!(stop_at.is_some() || records.len() == kinds.len());
        proptest::prop_assert_eq!((progress.in_flight, progress.waiting), (0, 0));
    }
}
