//! Names as the user wants them: `{host}/{path}`, `{date}/{seq}-{name}`.

use super::{
    PART, PATH, Subject, host, key,
    leaf::Leaf,
    path,
    safe::{self, Part},
    told_apart,
};
use crate::model::{ToldBy, units::nearest};

/// The placeholders, and what each stands for.
const PLACES: [(&str, Piece); 8] = [
    ("host", Piece::Host),
    ("path", Piece::Path),
    ("name", Piece::Name),
    ("stem", Piece::Stem),
    ("ext", Piece::Ext),
    ("hash", Piece::Hash),
    ("seq", Piece::Seq),
    ("date", Piece::Date),
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Host,
    Path,
    Name,
    Stem,
    Ext,
    Hash,
    Seq,
    Date,
}

/// How names are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The pieces of each part of the path.
    parts: Vec<Vec<Piece>>,
}

impl Default for Template {
    /// `{host}/{path}`.
    fn default() -> Self {
        Template { parts: vec![vec![Piece::Host], vec![Piece::Path]] }
    }
}

impl Template {
    /// Reads a template. The error is a sentence.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let all: Vec<&str> = text.split('/').collect();
        for (at, part) in all.iter().enumerate() {
            let pieces = pieces(part)?;
            let is_path = pieces.contains(&Piece::Path);
            if is_path && (pieces.len() > 1 || at + 1 < all.len()) {
                return Err("{path} has folders in it, so it stands alone behind the last `/`".to_owned());
            }
            match pieces.first() {
                None => return Err("it has a name in front of and behind each `/`, and is not empty".to_owned()),
                Some(Piece::Text(text)) if text.starts_with(['.', '-', '~']) => {
                    return Err(format!("no name begins with `{}`", &text[..1]));
                }
                Some(_) => parts.push(pieces),
            }
        }
        let template = Template { parts };
        match template.parts.iter().flatten().all(|piece| matches!(piece, Piece::Text(_) | Piece::Date | Piece::Host)) {
            true => Err("every file of a host would have this name; {path}, {name}, {hash} or {seq} tells them apart"
                .to_owned()),
            false => Ok(template),
        }
    }

    /// Whether no two requests have the same name by it: it has host and path, or a part that begins with
    /// what no other has.
    pub fn is_injective(&self) -> bool {
        let is_own = |part: &Vec<Piece>| match part.as_slice() {
            [Piece::Hash, ..] | [Piece::Seq] => true,
            [Piece::Seq, Piece::Text(text), ..] => !text.starts_with(|c: char| c.is_ascii_digit()),
            _ => false,
        };
        let is_alone = |piece: Piece| self.parts.iter().any(|part| *part == [piece.clone()]);
        self.parts.iter().any(is_own) || (is_alone(Piece::Host) && is_alone(Piece::Path))
    }

    /// The path, part by part, below the folder to save in; `date` is the day of the run.
    pub fn path(&self, subject: &Subject<'_>, date: &str) -> Vec<String> {
        let mut out = Vec::new();
        let last = self.parts.len() - 1;
        for (at, part) in self.parts.iter().enumerate() {
            if *part == [Piece::Path] {
                out.extend(path(subject));
            } else {
                let text = part.iter().map(|piece| filled(piece, subject, date)).collect::<String>();
                out.push(held(&text, if at == last { Part::File } else { Part::Folder }, part, subject));
            }
        }
        if out.iter().map(|part| part.len() + 1).sum::<usize>() > PATH {
            // What is cut off the folders may be all that tells it apart.
            let file = out.pop().unwrap_or_default();
            let cut = out.iter().map(|folder| folder.chars().take(48).collect()).take(8).chain([file]);
            out = told_apart(cut.collect(), subject);
        }
        out
    }
}

fn filled(piece: &Piece, subject: &Subject<'_>, date: &str) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Host => host(subject.url),
        Piece::Path => path(subject).join("_"),
        Piece::Name => stem(subject) + &leaf(subject).extension(),
        Piece::Stem => stem(subject),
        Piece::Ext => leaf(subject).extension(),
        Piece::Hash => key(subject),
        Piece::Seq => subject.seq.to_string(),
        Piece::Date => date.to_owned(),
    }
}

fn leaf<'a>(subject: &Subject<'a>) -> Leaf<'a> {
    let last = subject.url.path().rsplit('/').next().unwrap_or_default();
    Leaf::of(last, subject.url.query(), subject.media_type)
}

fn stem(subject: &Subject<'_>) -> String {
    let leaf = leaf(subject);
    let exact = leaf.stem().filter(|_| subject.by == ToldBy::Url);
    exact.unwrap_or_else(|| leaf.stem_named(&key(subject)))
}

/// A name that was put together, made harmless. What is its own by its beginning keeps that.
fn held(text: &str, of: Part, pieces: &[Piece], subject: &Subject<'_>) -> String {
    let is_host = pieces == [Piece::Host];
    let is_harmless = text.len() <= PART
        && !text.is_empty()
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', ' '])
        && !safe::is_reserved(text);
    if is_harmless || is_host {
        return text.to_owned();
    }
    match of {
        Part::Folder => safe::similar(text, PART / 2),
        Part::File => {
            let (stem, ext) = safe::extension(text).map_or((text, None), |(stem, ext)| (stem, Some(ext)));
            Leaf::similar(stem, ext).named(&key(subject))
        }
    }
}

/// The pieces of one part.
fn pieces(part: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut rest = part;
    while let Some(at) = rest.find(['{', '}']) {
        push_text(&mut out, &rest[..at])?;
        let inside = rest[at..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((name, behind)) = inside else {
            return Err(format!("`{}` has no other half: {{name}}", &rest[at..at + 1]));
        };
        let known = PLACES.iter().find(|(known, _)| *known == name);
        out.push(known.map(|(_, piece)| piece.clone()).ok_or_else(|| unknown(name))?);
        rest = behind;
    }
    push_text(&mut out, rest)?;
    Ok(out)
}

fn push_text(out: &mut Vec<Piece>, text: &str) -> Result<(), String> {
    let wrong = text.chars().find(|c| c.is_control() || "\\:*?\"<>|".contains(*c));
    if let Some(wrong) = wrong {
        return Err(format!("a name of a file cannot have {wrong:?} everywhere"));
    }
    if !text.is_empty() {
        out.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

fn unknown(name: &str) -> String {
    let names = || PLACES.iter().map(|(name, _)| *name);
    match nearest(name, names()) {
        Some(near) => format!("there is no {{{name}}}; did you mean {{{near}}}?"),
        None => format!("there is no {{{name}}}; there are {{{}}}", names().collect::<Vec<_>>().join("}, {")),
    }
}
