//! XPath is not spoken here: what people write of it out of habit, as the selector that finds the same.
//!
//! ```text
//! //div[@class="card"]//a/@href   →   div[class="card"] a[href]::attr(href)
//! ```
//!
//! A pure translation of simple paths; what has no selector of the same meaning has none. Must not know
//! pages.

use super::parse::outside;

/// Whether a selector that cannot be read is XPath in all likelihood: no CSS begins so.
pub(super) fn is_xpath(text: &str) -> bool {
    const FUNCTIONS: [&str; 5] = ["normalize-space(", "string(", "count(", "concat(", "id("];
    let text = text.trim_start();
    let inner = FUNCTIONS.iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let inner = inner.trim_start_matches(['(', ' ']);
    inner.starts_with('/') || inner.starts_with("./") || (inner.len() < text.len() && inner.contains('/'))
}

/// The selector for an XPath, with `::attr(…)` where an attribute is taken. `None`: there is none that
/// finds the same.
pub(super) fn as_css(path: &str) -> Option<String> {
    let path = path.trim();
    if let Some(inner) = ["normalize-space(", "string("].iter().find_map(|name| path.strip_prefix(name)) {
        return inner.strip_suffix(')').filter(|inner| !inner.starts_with(['n', 's'])).and_then(as_css);
    }
    let mut parts = Vec::new();
    let mut rest = path;
    loop {
        let (one, behind) = rest.split_at(outside(rest, |c, _| c == '|'));
        parts.push(one_path(one.trim())?);
        match behind.strip_prefix('|') {
            Some(more) => rest = more,
            None => break,
        }
    }
    // An attribute is taken of all of them or of none.
    let taken = |part: &str| part.split_once("::attr").map(|(_, taken)| taken.to_owned());
    let last = taken(parts.last()?);
    if parts.iter().any(|part| taken(part) != last) {
        return None;
    }
    let bare: Vec<&str> = parts.iter().map(|part| part.split("::attr").next().unwrap_or(part)).collect();
    Some(format!("{}{}", bare.join(", "), last.map(|taken| format!("::attr{taken}")).unwrap_or_default()))
}

fn one_path(path: &str) -> Option<String> {
    // The first of all is what a name without [] takes anyway.
    if let Some(inner) = path.strip_prefix('(').and_then(|rest| rest.strip_suffix(")[1]")) {
        return Some(inner).filter(|inner| !inner.starts_with('(')).and_then(one_path);
    }
    let mut rest = path.strip_prefix('.').unwrap_or(path);
    let mut css = String::new();
    while !rest.is_empty() {
        let far = rest.starts_with("//");
        rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/'))?;
        let (step, behind) = rest.split_at(outside(rest, |c, _| c == '/'));
        let is_last = behind.is_empty();
        match step.strip_prefix('@').or_else(|| step.strip_prefix("attribute::")) {
            Some(name) if is_last && is_name(name) => {
                if css.is_empty() || far {
                    // Of the element itself or of one in it: one selector only where that is all.
                    return (css.is_empty() && far).then(|| format!("[{name}]::attr({name})"));
                }
                let has_it = css.rsplit([' ', '>']).next().is_some_and(|last| last.contains(&format!("[{name}")));
                let guard = if has_it { String::new() } else { format!("[{name}]") };
                return Some(format!("{css}{guard}::attr({name})"));
            }
            Some(_) => return None,
            None if step == "text()" && is_last => break,
            None => push_step(&mut css, step, far)?,
        }
        rest = behind;
    }
    (!css.is_empty()).then_some(css)
}

/// Adds one step to a selector.
fn push_step(css: &mut String, step: &str, far: bool) -> Option<()> {
    let (combinator, step) = match step.split_once("::") {
        Some(("child", step)) => (" > ", step),
        Some(("descendant", step)) => (" ", step),
        Some(("following-sibling", step)) => match step.strip_prefix("*[1]") {
            // The next one, if it is such.
            Some(rest) => (" + ", rest.strip_prefix("[self::").and_then(|rest| rest.strip_suffix(']')).unwrap_or("*")),
            None if step.contains('[') => return None,
            None => (" ~ ", step),
        },
        Some((axis, _)) if is_name(axis) => return None,
        _ if far => (" ", step),
        _ => (" > ", step),
    };
    let name_ends = step.find('[').unwrap_or(step.len());
    let (name, mut predicates) = step.split_at(name_ends);
    if name != "*" && !is_name(name) {
        return None;
    }
    if far && !matches!(combinator, " " | " > ") || (css.is_empty() && matches!(combinator, " ~ " | " + ")) {
        return None;
    }
    let mut tests = String::new();
    let mut places = true;
    while let Some(inner) = predicates.strip_prefix('[') {
        let (test, behind) = inner.split_at(closing(inner)?);
        predicates = behind.strip_prefix(']')?;
        match place(name, test.trim()) {
            // Behind another predicate, places are counted among those that are left.
            Some(_) if !places => return None,
            Some(place) => tests.push_str(&place),
            None => tests.push_str(&all_of(test.trim())?),
        }
        places = false;
    }
    if !predicates.is_empty() {
        return None;
    }
    if !css.is_empty() {
        css.push_str(combinator);
    } else if !far && name != "html" {
        return None;
    }
    let is_root = css.is_empty() && !far && tests.is_empty();
    match name {
        "html" if is_root => css.push_str("html"),
        "*" if !tests.is_empty() => {}
        name => css.push_str(name),
    }
    css.push_str(&tests);
    Some(())
}

/// `[2]`, `[last()]`, `[position()>1]`: which among its siblings of that name.
fn place(name: &str, test: &str) -> Option<String> {
    let kind = if name == "*" { "child" } else { "of-type" };
    let nth = |which: String| Some(format!(":nth-{kind}({which})"));
    if test == "last()" {
        return Some(format!(":last-{kind}"));
    }
    if let Ok(number @ 1..) = test.parse::<u32>() {
        return nth(number.to_string());
    }
    let test = test.strip_prefix("position()")?.trim_start();
    let (sign, number) = test.split_at(test.find(|c: char| !"<>=".contains(c))?);
    let number: u32 = number.trim().parse().ok()?;
    match sign {
        "=" => nth(number.to_string()),
        ">" => nth(format!("n+{}", number.checked_add(1)?)),
        ">=" => nth(format!("n+{number}")),
        "<" => nth(format!("-n+{}", number.checked_sub(1)?)),
        "<=" => nth(format!("-n+{number}")),
        _ => None,
    }
}

/// Tests joined by `and`, or by `or`.
fn all_of(test: &str) -> Option<String> {
    let parted = |word: &str| -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut rest = test;
        while !rest.is_empty() {
            let at = outside(rest, |c, behind| {
                c == ' ' && behind.strip_prefix(word).is_some_and(|rest| rest.starts_with(' '))
            });
            let (part, behind) = rest.split_at(at);
            if let Some(last) = parts.last_mut() {
                last.push_str(part.trim());
            }
            rest = behind.get(word.len() + 2..).unwrap_or_default();
            if !behind.is_empty() {
                parts.push(String::new());
            }
        }
        parts
    };
    let either = parted("or");
    if either.len() > 1 {
        let each: Option<Vec<String>> = either.iter().map(|part| one_of(part)).collect();
        return each.map(|each| format!(":is({})", each.join(", ")));
    }
    parted("and").iter().map(|part| one_of(part)).collect::<Option<Vec<String>>>().map(|all| all.concat())
}

/// One test of an element.
fn one_of(test: &str) -> Option<String> {
    let call = |name: &str| test.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')').map(str::trim);
    if let Some(inner) = call("not") {
        return Some(inner)
            .filter(|inner| !inner.starts_with("not"))
            .and_then(one_of)
            .map(|inner| format!(":not({inner})"));
    }
    for (name, sign) in [("contains", "*="), ("starts-with", "^="), ("ends-with", "$=")] {
        let Some(inner) = call(name) else { continue };
        let (what, value) = inner.split_at(outside(inner, |c, _| c == ','));
        let value = quoted(value.strip_prefix(',')?.trim())?;
        let spaced = what.replace(' ', "");
        if sign == "*="
            && matches!(
                &*spaced,
                "concat('',normalize-space(@class),'')"
                    | "concat('',@class,'')"
                    | "concat(\"\",normalize-space(@class),\"\")"
                    | "concat(\"\",@class,\"\")"
            )
        {
            return Some(value.trim()).filter(|class| is_name(class)).map(|class| format!(".{class}"));
        }
        let name = what.trim().strip_prefix('@').filter(|name| is_name(name))?;
        return Some(format!("[{name}{sign}\"{value}\"]"));
    }
    if let Some(name) = test.strip_prefix('@') {
        let Some((name, value)) = name.split_once('=') else {
            return is_name(name).then(|| format!("[{name}]"));
        };
        let (name, value) = (name.trim_end(), quoted(value.trim())?);
        return match name.strip_suffix('!').map(str::trim_end) {
            // Unlike :not([a="b"]), this wants the attribute to be there.
            Some(name) => is_name(name).then(|| format!("[{name}]:not([{name}=\"{value}\"])")),
            None if name == "id" && is_name(value) => Some(format!("#{value}")),
            None => is_name(name).then(|| format!("[{name}=\"{value}\"]")),
        };
    }
    let inside = match test.strip_prefix(".//") {
        Some(name) => is_name(name).then(|| name.to_owned()),
        None => is_name(test).then(|| format!("> {test}")),
    };
    inside.map(|inside| format!(":has({inside})"))
}

/// The byte of the `]` that closes a predicate, which has begun before.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What stands in quotes and can stand in those of CSS as it is.
fn quoted(text: &str) -> Option<&str> {
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
    (!inner.contains(['"', '\'', '\\', '\n'])).then_some(inner)
}

/// A name of an element, an attribute or a class that needs no escape.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests;
