//! What went wrong with selectors over many pages, in numbers: values that cannot be read, fields that
//! were cut short, bodies that nothing could be asked of. Bounded in memory. Must not know who is told.

use super::{
    Body, Plan,
    field::{Field, Source},
};
use crate::page::budget::Cut;

/// Fields that are followed at most; each request may bring its own.
const FIELDS: usize = 256;

/// What went wrong.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    fields: Vec<Trouble>,
    css: Asked,
    json: Asked,
}

/// What went wrong with a field.
#[derive(Debug)]
struct Trouble {
    name: String,
    /// Values that could not be read, and why the first could not.
    values: Count,
    /// Bodies that are no JSON, and why the first is none.
    bodies: Count,
    /// Pages that it was cut short on, by the reason.
    cut: [u64; Cut::ALL.len()],
}

/// How many, and a word on the first.
#[derive(Debug, Default)]
struct Count {
    number: u64,
    first: String,
}

/// Bodies that a language was asked of, and those that it could be asked of.
#[derive(Debug, Default)]
struct Asked {
    bodies: u64,
    fit: u64,
}

impl Count {
    fn add(&mut self, number: u64, first: &str) {
        if self.number == 0 {
            self.first = first.to_owned();
        }
        self.number += number;
    }
}

impl Asked {
    fn add(&mut self, other: &Asked) {
        self.bodies += other.bodies;
        self.fit += other.fit;
    }
}

impl Troubles {
    /// A value of the field of this name cannot be read.
    pub(super) fn unreadable(&mut self, name: &str, why: &str) {
        if let Some(trouble) = self.of(name) {
            trouble.values.add(1, why);
        }
    }

    /// The field asks for JSON, and the body is none.
    pub(super) fn no_json(&mut self, name: &str, why: &str) {
        if let Some(trouble) = self.of(name) {
            trouble.bodies.add(1, why);
        }
    }

    /// The field was cut short on a page. Of one in a group that may be told many times.
    pub(super) fn cut(&mut self, name: &str, cut: Cut) {
        let at = Cut::ALL.iter().position(|other| *other == cut);
        if let Some(count) = at.and_then(|at| self.of(name)?.cut.get_mut(at)) {
            *count = 1;
        }
    }

    /// The plan was asked of such a body.
    pub(super) fn asked(&mut self, plan: &Plan, body: Body) {
        let one = |fits: bool| Asked { bodies: 1, fit: u64::from(fits) };
        if plan.reads_html() {
            self.css.add(&one(body == Body::Html));
        }
        if plan.any(|field: &Field| matches!(field.source, Source::Json(_))) {
            self.json.add(&one(matches!(body, Body::Html | Body::Json)));
        }
    }

    /// What went wrong on another page too.
    pub(super) fn add(&mut self, page: Troubles) {
        for trouble in page.fields {
            let Some(known) = self.of(&trouble.name) else { continue };
            known.values.add(trouble.values.number, &trouble.values.first);
            known.bodies.add(trouble.bodies.number, &trouble.bodies.first);
            known.cut.iter_mut().zip(trouble.cut).for_each(|(known, more)| *known += more);
        }
        self.css.add(&page.css);
        self.json.add(&page.json);
    }

    /// A sentence for each.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self.fields.iter().flat_map(Trouble::sentences).collect();
        for (asked, language, what) in [(&self.css, "CSS", "HTML"), (&self.json, "JSONPath", "HTML or JSON")] {
            if asked.fit == 0 && asked.bodies > 0 {
                let of = match asked.bodies {
                    1 => format!("the one body is no {what}"),
                    bodies => format!("none of {bodies} bodies is {what}"),
                };
                sentences.push(format!("{language} was asked for and found nothing to read: {of}"));
            }
        }
        sentences
    }

    fn of(&mut self, name: &str) -> Option<&mut Trouble> {
        let known = self.fields.iter().position(|trouble| trouble.name == name);
        if known.is_none() && self.fields.len() < FIELDS {
            let (values, bodies, cut) = (Count::default(), Count::default(), Default::default());
            self.fields.push(Trouble { name: name.to_owned(), values, bodies, cut });
            return self.fields.last_mut();
        }
        known.and_then(|at| self.fields.get_mut(at))
    }
}

impl Trouble {
    fn sentences(&self) -> Vec<String> {
        let Trouble { name, values, bodies, cut } = self;
        let told = |count: &Count, one: &str, many: &str| match count.number {
            0 => None,
            1 => Some(format!("`{name}`: 1 {one}: {}", count.first)),
            number => Some(format!("`{name}`: {number} {many}, the first: {}", count.first)),
        };
        let cuts = Cut::ALL.iter().zip(cut).filter(|(_, pages)| **pages > 0).map(|(cut, pages)| {
            let pages = if *pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
            format!("`{name}` was cut short on {pages}: {}", cut.why())
        });
        let values = told(values, "value could not be read", "values could not be read");
        let bodies = told(bodies, "body could not be read as JSON", "bodies could not be read as JSON");
        cuts.chain(values).chain(bodies).collect()
    }
}
