//! From lines to the one group that counts. Must not know paths.

use std::time::Duration;

use super::{
    is_token,
    lines::{Key, Line},
    pattern::{escape, normal_pattern},
};

/// The rules for one agent. Patterns and texts lie in one buffer each, so that a file of many rules
/// costs little more than its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Longest pattern first; among those of one length first what allows, then by line. So the first
    /// that matches decides.
    pub rules: Vec<Rule>,
    /// The same, each pattern in its one spelling; empty where all of them are in it anyway.
    pub normal: Vec<Rule>,
    /// The pause asked for.
    pub delay: Option<Duration>,
    patterns: Vec<u8>,
    texts: String,
}

/// A rule: where its pattern and its text lie, and what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pattern: (u32, u32),
    text: (u32, u32),
    /// Where it stands in the file, from 1.
    pub line: u32,
    /// Allow or disallow.
    pub allows: bool,
}

impl Rule {
    /// The longest first, among those of one length what allows.
    fn rank(&self) -> (std::cmp::Reverse<u32>, bool) {
        (std::cmp::Reverse(self.pattern.1 - self.pattern.0), !self.allows)
    }
}

impl Group {
    /// The pattern of one of the rules, escaped.
    pub fn pattern(&self, rule: &Rule) -> &[u8] {
        self.patterns.get(rule.pattern.0 as usize..rule.pattern.1 as usize).unwrap_or_default()
    }

    /// The text of the line that has the rule.
    pub fn text(&self, rule: &Rule) -> &str {
        self.texts.get(rule.text.0 as usize..rule.text.1 as usize).unwrap_or_default()
    }

    /// Bytes that it takes up.
    pub fn size(&self) -> usize {
        (self.rules.len() + self.normal.len()) * size_of::<Rule>() + self.patterns.len() + self.texts.len()
    }

    /// Adds a rule. An empty pattern matches nothing (RFC 9309, section 2.2.2, by way of its grammar).
    fn add(&mut self, line: &Line<'_>, allows: bool) {
        if line.value.is_empty() {
            return;
        }
        let text_at = offset(self.texts.len());
        self.texts.push_str(&String::from_utf8_lossy(line.text));
        let text = (text_at, offset(self.texts.len()));
        let at = self.patterns.len();
        escape(line.value, &mut self.patterns);
        let end = self.patterns.len();
        let rule = |from, to| Rule { pattern: (offset(from), offset(to)), text, line: line.number, allows };
        self.rules.push(rule(at, end));
        if let Some(folder) = folder_of_index(&self.patterns[at..]).filter(|_| allows) {
            self.patterns.extend_from_within(at..at + folder);
            self.patterns.push(b'$');
            self.rules.push(rule(end, end + folder + 1));
        }
    }

    /// Keeps the longer of two pauses.
    fn pause(&mut self, value: &[u8]) {
        let seconds = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        let pause = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        self.delay = self.delay.max(pause);
    }

    /// The rules in the order in which they count, in both spellings.
    fn sorted(mut self) -> Self {
        let mut normal = Vec::with_capacity(self.rules.len());
        let mut differ = false;
        for rule in &self.rules {
            let at = self.patterns.len();
            let spelt = self.patterns.get(rule.pattern.0 as usize..rule.pattern.1 as usize).and_then(normal_pattern);
            let Some(spelt) = spelt else {
                normal.push(*rule);
                continue;
            };
            differ = true;
            self.patterns.extend_from_slice(&spelt);
            normal.push(Rule { pattern: (offset(at), offset(self.patterns.len())), ..*rule });
        }
        if differ {
            normal.sort_by_key(Rule::rank);
            self.normal = normal;
        }
        self.rules.sort_by_key(Rule::rank);
        self.rules.shrink_to_fit();
        self.patterns.shrink_to_fit();
        self.texts.shrink_to_fit();
        self
    }
}

/// Places in the buffers, which hold no more than a few times [`READ`](super::READ) bytes.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Bytes up to and with the last slash, if `index.htm` follows it: who allows the index of a folder
/// allows the folder, says Google.
fn folder_of_index(pattern: &[u8]) -> Option<usize> {
    let slash = memchr::memrchr(b'/', pattern)?;
    pattern[slash..].starts_with(b"/index.htm").then_some(slash + 1)
}

/// Which of the two groups that may count lines belong to.
#[derive(Clone, Copy, Debug, Default)]
struct For {
    us: bool,
    all: bool,
    /// The lines that name agents are over: the next of them starts anew.
    over: bool,
}

impl For {
    fn name(&mut self, us: bool, all: bool) {
        if self.over {
            *self = For::default();
        }
        self.us |= us;
        self.all |= all;
    }
}

/// What has been read so far.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    agent: &'a str,
    /// Whether a line named our agent, even if no rule followed.
    named: bool,
    /// Whose the next rules are. Only rules end the list of agents before them: other lines may stand
    /// within it (RFC 9309, section 2.2.4).
    rules: For,
    /// Whose the next pause is. Here a pause ends the list too, else a file that gives each agent
    /// nothing but its pause would give all of them the longest.
    pauses: For,
    ours: Group,
    anyones: Group,
    sitemaps: Vec<String>,
}

impl<'a> Reading<'a> {
    /// For the agent with this product token; an empty one is named by no group.
    pub fn new(agent: &'a str) -> Self {
        Reading {
            agent,
            named: false,
            rules: For::default(),
            pauses: For::default(),
            ours: Group::default(),
            anyones: Group::default(),
            sitemaps: Vec::new(),
        }
    }

    /// Takes in the next line.
    pub fn take(&mut self, line: &Line<'_>) {
        match line.key {
            Key::Agent => self.agent(line.value),
            Key::Sitemap if line.value.is_empty() => {}
            Key::Sitemap => self.sitemaps.push(String::from_utf8_lossy(line.value).into_owned()),
            Key::Delay => {
                self.pauses.over = true;
                if let Some(group) = group(self.pauses, &mut self.ours, &mut self.anyones) {
                    group.pause(line.value);
                }
            }
            Key::Allow | Key::Disallow => {
                (self.rules.over, self.pauses.over) = (true, true);
                if let Some(group) = group(self.rules, &mut self.ours, &mut self.anyones) {
                    group.add(line, line.key == Key::Allow);
                }
            }
        }
    }

    /// A line that names an agent: `*`, alone or with words behind it, or a product token with whatever
    /// follows it (a version, another word).
    fn agent(&mut self, value: &[u8]) {
        let end = value.iter().take_while(|&&byte| is_token(byte)).count();
        let us = end > 0 && value[..end].eq_ignore_ascii_case(self.agent.as_bytes());
        let all = value.first() == Some(&b'*') && value.get(1).is_none_or(u8::is_ascii_whitespace);
        self.named |= us;
        self.rules.name(us, all);
        self.pauses.name(us, all);
    }

    /// The group that counts, and the sitemaps.
    pub fn end(self) -> (Group, Vec<String>) {
        let group = if self.named { self.ours } else { self.anyones };
        (group.sorted(), self.sitemaps)
    }
}

/// The group that lines for these belong to; ours, if they are for us and for all.
fn group<'a>(whose: For, ours: &'a mut Group, anyones: &'a mut Group) -> Option<&'a mut Group> {
    match whose {
        For { us: true, .. } => Some(ours),
        For { all: true, .. } => Some(anyones),
        _ => None,
    }
}
