//! Threads that read pages, so that parsing never holds up what waits for the network.
//!
//! Must not know what reading a page is about.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{Input, Want};
use crate::model::{Code, Failure, Page};

/// Threads at most: parsing is short, and the run needs cores for the network as well.
const THREADS: usize = 4;

/// Nothing here recurses over a page; the rest is for deep selectors.
const STACK: usize = 4 << 20;

type Work = fn(&Input, &Want) -> Page;

/// The page threads of a run. They start when the first page comes and end when this is dropped.
#[derive(Debug)]
pub struct Stage {
    threads: usize,
    work: Work,
    /// Pages handed over and not yet read, so that no queue grows without bounds.
    slots: Arc<Semaphore>,
    jobs: OnceLock<SyncSender<Job>>,
}

struct Job {
    input: Input,
    want: Arc<Want>,
    reply: oneshot::Sender<Result<Page, Failure>>,
    slot: OwnedSemaphorePermit,
}

impl Stage {
    /// A stage of so many threads, at least one and at most four.
    pub fn new(threads: usize) -> Stage {
        Stage::with(threads, super::read)
    }

    fn with(threads: usize, work: Work) -> Stage {
        let threads = threads.clamp(1, THREADS);
        Stage { threads, work, slots: Arc::new(Semaphore::new(2 * threads)), jobs: OnceLock::new() }
    }

    /// What the body says, read on a thread of the stage. Waits while all are busy.
    pub async fn read(&self, input: Input, want: Arc<Want>) -> Result<Page, Failure> {
        let gone = || Failure::new(Code::InternalPanic, "the threads that read pages could not be started");
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| gone())?;
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.get_or_init(|| self.start());
        // Never blocks: the channel has as many places as there are slots.
        jobs.send(Job { input, want, reply, slot }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    fn start(&self) -> SyncSender<Job> {
        let (send, receive) = sync_channel(2 * self.threads);
        let receive = Arc::new(Mutex::new(receive));
        for number in 0..self.threads {
            let (work, receive) = (self.work, Arc::clone(&receive));
            let thread = thread::Builder::new().name(format!("page-{number}")).stack_size(STACK);
            // Fewer threads than asked for will do; if there is none, sending says so.
            if thread.spawn(move || serve(&receive, work)).is_err() {
                break;
            }
        }
        send
    }
}

/// Reads pages until the stage is gone.
fn serve(jobs: &Mutex<Receiver<Job>>, work: Work) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { input, want, reply, slot }) = next else { return };
        let page = catch_unwind(AssertUnwindSafe(|| work(&input, &want)));
        let answer = page.map_err(|_| Failure::new(Code::InternalPanic, "reading the page panicked"));
        drop(slot);
        // Nobody may be waiting any more.
        let _ = reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use bytes::Bytes;
    use futures::FutureExt;

    use super::*;

    fn input(body: &'static str) -> Input {
        Input {
            body: Bytes::from_static(body.as_bytes()),
            content_type: Some("text/html".into()),
            url: Some(Arc::new(url::Url::parse("http://localhost/").unwrap())),
        }
    }

    fn panics_if_asked(input: &Input, want: &Want) -> Page {
        assert_ne!(&input.body[..], b"panic", "asked for");
        super::super::read(input, want)
    }

    #[tokio::test]
    async fn pages_come_back_to_whom_they_belong() {
        let stage = Stage::new(2);
        let want = Arc::new(Want::default());
        let titles = ["<title>a</title>", "<title>b</title>", "<title>c</title>", "", "<title>d</title>"];
        let pages = futures::future::join_all(titles.map(|body| stage.read(input(body), Arc::clone(&want)))).await;
        let titles: Vec<_> = pages.into_iter().map(|page| page.unwrap().title.unwrap_or_default()).collect();
        assert_eq!(titles, ["a", "b", "c", "", "d"]);
    }

    #[tokio::test]
    async fn a_panic_costs_one_page_and_not_its_thread() {
        let stage = Stage::with(1, panics_if_asked);
        for _ in 0..3 {
            let failure = stage.read(input("panic"), Arc::default()).await.unwrap_err();
            assert_eq!(failure.code, Code::InternalPanic);
            let page = stage.read(input("<title>still here</title>"), Arc::default()).await.unwrap();
            assert_eq!(page.title.as_deref(), Some("still here"));
        }
    }

    static ENDED: AtomicBool = AtomicBool::new(false);

    struct OnEnd;

    impl Drop for OnEnd {
        fn drop(&mut self) {
            ENDED.store(true, Ordering::SeqCst);
        }
    }

    fn tells_when_its_thread_ends(input: &Input, want: &Want) -> Page {
        thread_local!(static ON_END: OnEnd = const { OnEnd });
        ON_END.with(|_| super::super::read(input, want))
    }

    #[tokio::test]
    async fn threads_start_late_and_end_with_the_stage() {
        let stage = Stage::with(0, tells_when_its_thread_ends);
        assert!(stage.jobs.get().is_none());
        stage.read(input(""), Arc::default()).await.unwrap();
        // Whoever stops waiting gives the slot back all the same.
        let _ = stage.read(input(""), Arc::default()).now_or_never();
        stage.read(input(""), Arc::default()).await.unwrap();
        assert_eq!(stage.slots.available_permits(), 2);
        assert!(!ENDED.load(Ordering::SeqCst));
        drop(stage);
        for _ in 0..1_000 {
            thread::sleep(Duration::from_millis(5));
            if ENDED.load(Ordering::SeqCst) {
                return;
            }
        }
        panic!("the thread of the stage is still there");
    }
}
