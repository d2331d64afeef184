//! How a selector is matched: at what pace, since each way of doing it can be made slow, and on which
//! elements. Told from how it is written; must not know a page.

use scraper::ElementRef;

use super::elements;

/// How to match a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) struct Way {
    pub(in crate::page) pace: Pace,
    pub(super) reach: Reach,
}

/// How fast, since both ways can be made slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Pace {
    /// Each element by itself, with a look at the clock now and then.
    OneByOne,
    /// All at once: for selectors that count siblings, which would be counted anew for each element.
    AtOnce,
}

/// Which elements can match where a selector is asked of an element, its `:scope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those below it.
    Below,
    /// Itself too.
    Itself,
    /// The next one behind it too, with those below that.
    Next,
    /// All that follow it in its parent too, with those below them.
    Behind,
}

impl Way {
    /// The way for a selector.
    pub(in crate::page) fn of(css: &str) -> Self {
        let css = css.to_ascii_lowercase();
        let reach = Reach::of(&css);
        let counts = css.contains(":nth-") || css.contains("-of-type");
        // Quadratic by nature, so the clock must be able to end it.
        let quadratic = css.contains('~')
            || css.contains(":has")
            || matches!(reach, Reach::Next | Reach::Behind)
            || counts_nameless_types(&css);
        Way { pace: if counts && !quadratic { Pace::AtOnce } else { Pace::OneByOne }, reach }
    }
}

/// Whether siblings of one type are counted for elements of any type, as in `.a:nth-of-type(2)`. Where
/// no two siblings have one type, each element looks at all before it, and what was counted for one is of
/// no use for the next. `td:nth-of-type(2)` looks at few.
fn counts_nameless_types(css: &str) -> bool {
    if !css.contains("-of-type") || css.contains("/*") {
        return css.contains("-of-type");
    }
    // Whether the compound selector under way, and those around it, begin with the name of a type.
    let (mut named, mut around) = (false, Vec::new());
    let (mut is_start, mut rest) = (true, css);
    while let Some(c) = rest.chars().next() {
        let counts = ["nth-of-type", "nth-last-of-type", "first-of-type", "last-of-type", "only-of-type"];
        if let Some(pseudo) = rest.strip_prefix(':')
            && !named
            && counts.iter().any(|name| pseudo.starts_with(name))
        {
            return true;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '[' => rest = behind_brackets(rest),
            '(' => around.push(named),
            ')' => named = around.pop().unwrap_or(false),
            _ if is_start => named = c.is_alphabetic() || c == '_' || c == '\\' || !c.is_ascii(),
            _ => {}
        }
        let is_next = matches!(c, ',' | '>' | '+') || c.is_whitespace();
        named &= !is_next;
        is_start = c == '(' || is_next;
    }
    false
}

/// What follows the brackets of an attribute, which began before.
fn behind_brackets(css: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    let ends = |c: char| {
        let escaped = std::mem::replace(&mut before, c) == '\\';
        match (quote, c) {
            _ if escaped => {}
            (None, ']') => return true,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        false
    };
    css.find(ends).and_then(|end| css.get(end + 1..)).unwrap_or_default()
}

impl Reach {
    fn of(css: &str) -> Reach {
        let mut behind = css.split(":scope").skip(1).map(str::trim_start).peekable();
        match (behind.peek().is_some(), behind.any(|rest| rest.starts_with(['+', '~']))) {
            (false, _) => Reach::Below,
            (true, false) => Reach::Itself,
            (true, true) if css.contains('~') || css.matches('+').count() > 1 => Reach::Behind,
            (true, true) => Reach::Next,
        }
    }

    /// The elements, in document order.
    pub(super) fn elements<'a>(self, scope: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let behind = match self {
            Reach::Below | Reach::Itself => 0,
            Reach::Next => 1,
            Reach::Behind => usize::MAX,
        };
        let behind = scope.next_siblings().filter_map(ElementRef::wrap).take(behind);
        elements(scope).skip(usize::from(self == Reach::Below)).chain(behind.flat_map(elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_at_once_where_they_have_a_name() {
        for css in [
            "td:nth-of-type(2)",
            "tr > td.x:nth-last-of-type(2n + 1) a",
            "td:not(.x):first-of-type",
            "td:not(:nth-of-type(2))",
            "a[href='x y']:nth-of-type(1), :is(b:nth-of-type(2))",
            "p:nth-child(3)",
            ":nth-child(3)",
        ] {
            assert_eq!(Way::of(css).pace, Pace::AtOnce, "{css}");
        }
        for css in [
            ":nth-of-type(2)",
            "*:nth-of-type(2)",
            "td > .x:first-of-type",
            "td :nth-of-type(2)",
            "td:not(.x :nth-of-type(2))",
            "a [title=\"] b\"]:only-of-type",
            "[a=']\\' b']:last-of-type",
            "(a):nth-of-type(1)",
            "/* td */:nth-of-type(1)",
        ] {
            assert_eq!(Way::of(css).pace, Pace::OneByOne, "{css}");
        }
    }
}
