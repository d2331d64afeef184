//! Every link and the summary as one object of JSON: `{"findings": […], "summary": {…}}`.

use std::io;

use super::{CheckSummary, jsonl};
use crate::model::Finding;

/// One object; the findings stand one a line, in the order they came.
pub(super) fn write(findings: &[Finding], summary: &CheckSummary, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"{\"findings\":")?;
    jsonl::array(findings, out)?;
    out.write_all(b",\n\"summary\":")?;
    serde_json::to_writer(&mut *out, summary)?;
    out.write_all(b"}\n")
}
