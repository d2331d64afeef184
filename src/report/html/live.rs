//! A page that is looked at while its run goes on: its rows in pieces, its verdict as it is now.
//!
//! Pieces are the chunks of a page, in the spool, so memory does not grow with the run, nor with those who look at it.
//! Must not know how pieces get to anybody.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::{
    ABOUT_LINE, About, END_LINE, HtmlReport, MORE_LINE, ROWS_LINE, SCRIPT, Written, head,
    nojs::{self, State},
    policy,
};
use crate::model::{Code, Finding, Record, Rule};

/// Rows in the form that the page unpacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The columns that lists and charts need.
    pub rows: String,
    /// The others; empty if there is none.
    pub more: String,
}

/// A report that is shown while it grows.
#[derive(Debug)]
pub struct Live<S> {
    report: HtmlReport<S>,
    /// Where each piece ends, in bytes of the spool.
    ends: Vec<u64>,
}

impl<S: Read + Write + Seek> Live<S> {
    /// Nothing yet; `spool` is empty.
    pub fn new(spool: S) -> Self {
        Live { report: HtmlReport::new(spool), ends: Vec::new() }
    }

    /// Takes one record in.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.report.record(record)?;
        self.mark();
        Ok(())
    }

    /// Takes one checked link in.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.report.finding(finding)?;
        self.mark();
        Ok(())
    }

    /// Makes a piece of what has come in since the last one, if anything has.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.report.chunk.is_empty() {
            self.report.spool_chunk()?;
        }
        self.mark();
        Ok(())
    }

    fn mark(&mut self) {
        if self.ends.last().copied().unwrap_or(0) < self.report.spooled {
            self.ends.push(self.report.spooled);
        }
    }

    /// Pieces that there are.
    pub fn pieces(&self) -> usize {
        self.ends.len()
    }

    /// Rows that came in.
    pub fn rows(&self) -> u64 {
        self.report.tally.summary.requests
    }

    /// One of the pieces; `None` if there are not so many.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn piece(&mut self, at: usize) -> io::Result<Option<Piece>> {
        let Some(end) = self.ends.get(at).copied() else { return Ok(None) };
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let spool = &mut self.report.spool;
        spool.flush()?;
        spool.seek(SeekFrom::Start(begin))?;
        let mut text = String::new();
        let read = Read::by_ref(spool).take(end - begin).read_to_string(&mut text);
        spool.seek(SeekFrom::Start(self.report.spooled))?;
        read?;
        let within = |prefix: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(prefix)?.strip_suffix(END_LINE)).unwrap_or_default().to_owned()
        };
        Ok(Some(Piece { rows: within(ROWS_LINE), more: within(MORE_LINE) }))
    }

    /// What there is to say now, as markup: the verdict, the numbers, what held the run back, why requests failed.
    pub fn told(&mut self, about: &About, state: State) -> String {
        self.report.tally.settle(about);
        let mut page = String::new();
        nojs::now(&mut page, &self.report.tally, about, self.written(), state);
        page
    }

    fn written(&self) -> Written {
        let listed = self.report.listed;
        Written { listed, left_out: self.report.tally.summary.requests.saturating_sub(listed) }
    }

    /// Writes the page itself, which has no rows: it asks for them at `events`, beside itself. `run` is told apart
    /// from other runs by that name.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn page(&mut self, about: &About, run: &str, state: State, out: &mut dyn Write) -> io::Result<()> {
        self.report.tally.settle(about);
        let tally = &self.report.tally;
        head(&nojs::title(tally, state), &policy(Some("'self'")), out)?;
        nojs::live(tally, about, self.written(), state, out)?;
        let codes = Code::ALL.iter().map(|code| code.name()).chain(Rule::ALL.iter().map(|rule| rule.name()));
        let live = serde_json::json!({ "events": "events", "run": run });
        let json = self.report.about(about, Written { listed: 0, left_out: 0 }, codes, Some(live))?;
        writeln!(out, "{ABOUT_LINE}{json}{END_LINE}")?;
        writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::report::html::{AddError, columns};

    fn live(rows: u64) -> Live<Cursor<Vec<u8>>> {
        let mut live = Live::new(Cursor::new(Vec::new()));
        for seq in 0..rows {
            let line = format!("{{\"seq\":{seq},\"ok\":{},\"url\":\"http://h/{seq}\",\"ip\":\"::1\"}}", seq % 2 == 0);
            live.report.line(line.as_bytes(), None).unwrap();
            live.mark();
        }
        live
    }

    fn seqs(piece: &Piece) -> Vec<u64> {
        let mut seqs = Vec::new();
        let (rows, more) = (columns::unpacked(&piece.rows).unwrap(), columns::unpacked(&piece.more).unwrap());
        columns::rows_of::<String>(&rows, Some(&more), |line, _| {
            let row: serde_json::Value = serde_json::from_slice(line).unwrap();
            assert_eq!(row["ip"], "::1");
            seqs.push(row["seq"].as_u64().unwrap());
            Ok(())
        })
        .unwrap();
        seqs
    }

    #[test]
    fn pieces_have_every_row_once_and_are_there_again_for_whoever_comes_later() {
        let mut live = live(3);
        assert_eq!((live.pieces(), live.piece(0).unwrap()), (0, None));
        live.flush().unwrap();
        live.flush().unwrap();
        assert_eq!(live.pieces(), 1, "nothing new is no piece");
        assert_eq!(seqs(&live.piece(0).unwrap().unwrap()), [0, 1, 2]);
        live.report.line(b"{\"seq\":3,\"ok\":true,\"url\":\"http://h/\",\"ip\":\"::1\"}", None).unwrap();
        live.flush().unwrap();
        let all: Vec<u64> = (0..live.pieces()).flat_map(|at| seqs(&live.piece(at).unwrap().unwrap())).collect();
        assert_eq!(all, [0, 1, 2, 3]);
    }

    #[test]
    fn a_full_chunk_is_a_piece_without_being_asked_for() {
        let live = live(5000);
        assert_eq!((live.pieces(), live.rows()), (1, 5000));
    }

    #[test]
    fn the_page_says_how_things_are_so_far_and_what_comes_from_outside_is_text() {
        let mut live = live(0);
        let about = About { command: "fetch".to_owned(), ..About::default() };
        assert!(live.told(&about, State::Running).contains("Nothing has come in yet"));
        let line = b"{\"ok\":false,\"url\":\"http://h/\",\"error\":{\"code\":\"</p><script>\",\"message\":\"m\"}}";
        live.report.line(line, None).map_err(|error: AddError| error.to_string()).unwrap();
        let told = live.told(&about, State::Running);
        assert!(told.contains("The request failed so far") && told.contains("&lt;/p&gt;&lt;script&gt;"), "{told}");
        assert!(live.told(&about, State::Over).contains(">The request failed</h1>"));
        let mut page = Vec::new();
        live.page(&about, "run-1", State::Running, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("connect-src &#39;self&#39;") || page.contains("connect-src 'self'"));
        assert!(page.contains("\"events\":\"events\"") && page.contains("http.client_error"));
        assert!(!page.contains("class=\"rows\""));
    }
}
