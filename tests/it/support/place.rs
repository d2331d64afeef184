//! A list and its site, for runs that are stopped and go on.

use std::{collections::BTreeMap, fs, time::Duration};

use serde_json::Value;

use super::*;

/// Requests at once.
pub const SLOTS: usize = 16;
/// Kills of one run.
pub const KILLS: usize = 10;

/// A folder with a list, and the site that the list is of.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub site: Site,
}

impl Place {
    /// A site where every 50th page is missing, and a list of it with a repeat and a line that is no URL.
    pub async fn with(lines: usize) -> Place {
        let site = Site::start(|ask| {
            let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or(1);
            if number % 50 == 7 { Reply::status(404) } else { Reply::html(format!("<title>{number}</title>")) }
        })
        .await;
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut list: String = (0..lines).map(|n| site.url(&format!("/{n}")) + "\n").collect();
        list += &format!("{}\nhttp://[\n", site.url("/0"));
        fs::write(dir.path().join("urls.txt"), list).unwrap();
        Place { dir, site }
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A run over the list.
    pub fn fetchall(&self, args: &[&str]) -> Fetchall {
        let slots = SLOTS.to_string();
        let usual = ["urls.txt", "-c", &slots, "--per-host", &slots];
        fetchall(usual.iter().chain(args).copied()).dir(&self.dir)
    }

    /// The JSON Lines of a file.
    pub fn records(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.path().join(name)).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until so many requests have come.
    pub async fn asked(&self, count: usize, child: &mut Child) -> bool {
        while self.site.asks().len() < count {
            if child.ended() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        true
    }

    /// Runs it, and kills it again and again at any moment; each time it has come further.
    pub async fn kill_again_and_again(&self, args: &[&str], lines: usize) {
        for _ in 0..KILLS {
            let mut child = self.fetchall(args).start();
            let until = self.site.asks().len() + fastrand::usize(1..lines / KILLS);
            if self.asked(until, &mut child).await {
                child.signal(Signal::KILL);
            }
            child.wait().await;
        }
    }
}

/// Every line of the list has exactly one record, which says of it what an undisturbed run says.
#[track_caller]
pub fn assert_whole(records: &[Value], lines: usize) {
    let by_seq: BTreeMap<u64, &Value> =
        records.iter().map(|record| (record["seq"].as_u64().unwrap(), record)).collect();
    assert_eq!((records.len(), by_seq.len()), (lines + 2, lines + 2), "one record for each line, none twice");
    for (seq, record) in by_seq {
        let number = seq as usize;
        match number {
            n if n == lines => assert_eq!(record["skip"]["of"], 0, "{record}"),
            n if n > lines => assert_eq!(record["error"]["code"], "url.invalid", "{record}"),
            n if n % 50 == 7 => assert_eq!(record["status"], 404, "{record}"),
            n => assert_eq!(record["title"], n.to_string(), "{record}"),
        }
    }
}
