//! What a run amounts to: counts, times, and what held it back; and what a check found, written
//! for people, for terminals and for the machines that review code.
//!
//! Eats records and findings, keeps numbers, gives text. Must not know terminals, files or the
//! engine: whoever calls [`write()`] says where the bytes go.

pub mod checked;
mod checkstyle;
pub mod diff;
pub mod github;
mod gitlab;
mod grouped;
pub mod html;
mod json;
mod jsonl;
mod junit;
pub mod kind;
pub mod markdown;
mod rdjsonl;
mod sarif;
mod saved;
pub mod summary;
pub mod text;
pub mod trace;
mod view;
mod xml;

#[cfg(test)]
mod tests;

use std::io;

pub use checked::CheckSummary;
pub use kind::Kind;
pub use saved::SavedCheck;
pub use summary::Summary;

use crate::model::Finding;

/// Gives a line of a document: path as in the finding, number from 1. Without its line end; `None`
/// if it cannot be read. Asked in the order of documents and lines.
pub type Lines<'a> = dyn FnMut(&str, u32) -> Option<String> + 'a;

/// Writes a report of this kind.
///
/// `findings` may come in any order. Kinds that do not list everything ([`Kind::lists_all`]) leave
/// out what weighs nothing. `out` gets many small writes. Fails when `out` does.
///
/// A kind that counts columns in bytes leaves columns and suggestions out here; see
/// [`write_with_lines`].
pub fn write(kind: Kind, findings: &[Finding], summary: &CheckSummary, out: &mut dyn io::Write) -> io::Result<()> {
    write_with_lines(kind, findings, summary, &mut |_, _| None, out)
}

/// The same, with a way to look at the documents: [`Kind::Rdjsonl`] counts columns in bytes, and
/// findings know characters.
pub fn write_with_lines(
    kind: Kind,
    findings: &[Finding],
    summary: &CheckSummary,
    lines: &mut Lines<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match kind {
        Kind::Junit => junit::write(findings, summary, out),
        Kind::Sarif => sarif::write(findings, out),
        Kind::Github => github::write(findings, out),
        Kind::Gitlab => gitlab::write(findings, out),
        Kind::Checkstyle => checkstyle::write(findings, out),
        Kind::Rdjsonl => rdjsonl::write(findings, lines, out),
        Kind::Markdown => out.write_all(markdown::render(findings, summary, markdown::COMMENT_BYTES).as_bytes()),
        Kind::Text => text::write(findings, summary, out),
        Kind::Json => json::write(findings, summary, out),
        Kind::Jsonl => jsonl::write(findings, out),
        Kind::Html => {
            let wall_ms = Some(summary.elapsed.as_secs_f64() * 1000.0);
            let about = html::About { command: "check".to_owned(), wall_ms, ..html::About::default() };
            html::write(findings, &about, out).map(drop)
        }
    }
}
