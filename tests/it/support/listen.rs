//! Accepting connections and counting them; shared by sites and proxies.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// How many there were, are, and were at most at once.
#[derive(Debug, Default)]
pub struct Count {
    total: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Count {
    /// One more, until the guard is dropped.
    pub fn enter(self: &Arc<Self>) -> Inside {
        self.total.fetch_add(1, SeqCst);
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        Inside(self.clone())
    }

    /// All that ever were.
    pub fn total(&self) -> usize {
        self.total.load(SeqCst)
    }

    /// Those there are now.
    pub fn now(&self) -> usize {
        self.now.load(SeqCst)
    }

    /// The most there were at once.
    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

/// Counts as one while it lives.
pub struct Inside(Arc<Count>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// A listener at work; dropping it ends the listening and every connection.
#[derive(Debug)]
pub struct Listening {
    pub addr: SocketAddr,
    pub connections: Arc<Count>,
    task: AbortHandle,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens at `at` (port 0: any) and runs `serve` for each connection, in a task of its own.
pub async fn listen<F>(at: SocketAddr, serve: impl Fn(TcpStream, SocketAddr) -> F + Send + Sync + 'static) -> Listening
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(at).await.unwrap_or_else(|error| panic!("cannot listen at {at}: {error}"));
    let addr = listener.local_addr().unwrap();
    let connections = Arc::new(Count::default());
    let counted = connections.clone();
    let task = tokio::spawn(async move {
        // dropped with this task, and the connections with it
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, peer)) = accepted else { continue };
                    let inside = counted.enter();
                    stream.set_nodelay(true).ok();
                    let served = serve(stream, peer);
                    open.spawn(async move {
                        served.await;
                        drop(inside);
                    });
                }
                Some(_) = open.join_next() => {}
            }
        }
    });
    Listening { addr, connections, task: task.abort_handle() }
}
