//! What a page says about itself to robots: `<meta name=robots>` and the `X-Robots-Tag` field.
//!
//! No RFC has them; what Google documents for them decides. Must not know how a page is read, nor
//! what is done with one that is not to be indexed.

/// Directives that take a value behind a colon, so that their names are not those of agents.
const WITH_VALUE: [&str; 4] = ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// What a page asks of robots. The default is that of a page that says nothing: index and follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// The page is not to appear in an index; here it is only told.
    pub noindex: bool,
    /// The links of the page are not to be followed.
    pub nofollow: bool,
}

impl Directives {
    /// Takes in a `<meta name=NAME content=CONTENT>`: it counts if the name is `robots` or the product
    /// token `agent`, in any case of letters.
    ///
    /// Prohibitions add up over all that is taken in: `index`, `follow` and `all` take nothing back.
    pub fn meta(&mut self, agent: &str, name: &str, content: &str) {
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case("robots") || is_agent(name, agent) {
            self.words(content);
        }
    }

    /// Takes in an `X-Robots-Tag` field, one of several or several in one.
    ///
    /// `NAME:` before a directive says for which agent it is, and those after it, up to the next name.
    pub fn field(&mut self, agent: &str, value: &str) {
        let mut ours = true;
        for part in value.split(',') {
            let part = part.trim_ascii();
            match part.split_once(':') {
                Some((name, _)) if WITH_VALUE.iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known)) => {}
                Some((name, words)) if is_name(name.trim_ascii()) => {
                    ours = is_agent(name.trim_ascii(), agent);
                    if ours {
                        self.words(words);
                    }
                }
                _ if ours => self.words(part),
                _ => {}
            }
        }
    }

    /// Commas part directives; white space does so too, since pages are written that way.
    fn words(&mut self, text: &str) {
        for word in text.split(|c: char| c == ',' || c.is_ascii_whitespace()) {
            let is = |name: &str| word.eq_ignore_ascii_case(name);
            self.noindex |= is("noindex") || is("none");
            self.nofollow |= is("nofollow") || is("none");
        }
    }
}

fn is_agent(name: &str, agent: &str) -> bool {
    !agent.is_empty() && name.eq_ignore_ascii_case(agent)
}

/// Whether it can be the name of an agent: the rest of a date (`25 Jun 2030 15:00:00`) cannot.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: &str = "";

    fn told(directives: Directives) -> &'static str {
        match (directives.noindex, directives.nofollow) {
            (false, false) => NOTHING,
            (true, false) => "noindex",
            (false, true) => "nofollow",
            (true, true) => "none",
        }
    }

    #[test]
    fn a_meta_element_counts_if_it_is_for_robots_or_for_us() {
        for (name, content, want) in [
            ("robots", "noindex", "noindex"),
            ("Robots", "NoFollow", "nofollow"),
            ("robots", "noindex,nofollow", "none"),
            ("robots", " noindex , follow", "noindex"),
            ("robots", "noindex nofollow", "none"),
            ("robots", "none", "none"),
            ("robots", "all", NOTHING),
            ("robots", "index, follow", NOTHING),
            ("robots", "noindexing, nonofollow", NOTHING),
            ("robots", "unavailable_after: 25 Jun 2010 15:00:00 PST", NOTHING),
            ("robots", "max-snippet:-1, nofollow", "nofollow"),
            ("robots", "", NOTHING),
            ("FetchAll", "nofollow", "nofollow"),
            ("otherbot", "none", NOTHING),
            ("description", "none", NOTHING),
            ("", "none", NOTHING),
        ] {
            let mut directives = Directives::default();
            directives.meta("fetchall", name, content);
            assert_eq!(told(directives), want, "{name}: {content}");
        }
        let mut nobody = Directives::default();
        nobody.meta("", "", "none");
        assert_eq!(nobody, Directives::default());
    }

    #[test]
    fn a_field_may_name_the_agents_it_is_for() {
        for (fields, want) in [
            (&["noindex"] as &[_], "noindex"),
            (&["NOINDEX, NoFollow"], "none"),
            (&["none"], "none"),
            (&["all"], NOTHING),
            (&["fetchall: noindex"], "noindex"),
            (&["FETCHALL : nofollow"], "nofollow"),
            (&["otherbot: noindex, nofollow"], NOTHING),
            (&["otherbot: noindex, fetchall: nofollow"], "nofollow"),
            (&["fetchall: noindex, otherbot: nofollow"], "noindex"),
            (&["nofollow, otherbot: noindex"], "nofollow"),
            (&["otherbot: none", "noindex"], "noindex"),
            (&["noindex", "nofollow"], "none"),
            (&["noindex", "fetchall: index, follow"], "noindex"),
            (&["unavailable_after: 25 Jun 2030 15:00:00 PST"], NOTHING),
            (&["unavailable_after: Friday, 25 Jun 2030 15:00:00 PST, noindex"], "noindex"),
            (&["otherbot: unavailable_after: 25 Jun 2030 15:00:00 PST, none"], NOTHING),
            (&["max-snippet: 20, noindex"], "noindex"),
            (&["", ",,", ":", "fetchall:"], NOTHING),
        ] {
            let mut directives = Directives::default();
            fields.iter().for_each(|field| directives.field("fetchall", field));
            assert_eq!(told(directives), want, "{fields:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_field_can_be_read(value in "([ ,:]|noindex|fetchall|é){0,12}") {
            let mut directives = Directives::default();
            directives.field("fetchall", &value);
            proptest::prop_assert!(!directives.noindex || value.contains("noindex"));
        }
    }
}
