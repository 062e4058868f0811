//! Secrets: which texts are one, and where they are looked for.
//!
//! One pass of a keyword search goes over every text; only around a hit is a rule's expression tried, and what it takes
//! for a secret must then pass its checks: a checksum where tokens have one, the form of a key where it has one,
//! entropy, and the list of what people write in place of secrets ([`placeholder`]). The rules are ours, one family a
//! file, written from what the issuers document.
//!
//! The value itself never leaves this module. A [`Hit`] has the kind, the place and a redacted form: the prefix that all
//! tokens of the kind share, and the length.

mod files;
mod placeholder;
mod redact;
mod rules;

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use pratique_advisory::Level;
use regex::bytes::Regex;

pub use files::SecretFiles;
pub use redact::redacted;
pub use rules::names_a_secret;

/// A kind of secret.
#[derive(Debug)]
pub struct SecretRule {
    /// `family/kind`. Never changed: ignore lists name it.
    pub id: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// How bad it is when somebody has it.
    pub severity: Level,
    /// Texts without which it cannot be there; letters of either case.
    keywords: &'static [&'static str],
    /// How it looks; the group `v` is the secret.
    pattern: &'static str,
    /// Least entropy of the value, in bits a byte.
    entropy: f64,
    /// What else must hold.
    is_real: fn(&[u8]) -> bool,
    /// Where it is looked for.
    scope: Scope,
}

impl PartialEq for SecretRule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Where a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// In every text.
    Everywhere,
    /// In every text that is not of a library: those show in comments how addresses are written.
    Own,
    /// In configuration: variables, and files that hold settings by their name.
    Settings,
    /// In files of these names alone.
    Files(&'static [&'static str]),
}

/// What kind of text is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The file's name; empty for variables and other parts of a configuration.
    pub name: &'a str,
    /// Whether it holds settings, rather than a program or prose.
    pub settings: bool,
    /// Whether it is of a library, or of the distribution: others wrote it.
    pub library: bool,
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which kind it is of.
    pub rule: &'static SecretRule,
    /// Where it begins, in bytes.
    pub at: usize,
    /// How long it is, in bytes.
    pub len: usize,
    /// Its line, counted from 1.
    pub line: u32,
    /// What may be shown.
    pub redacted: String,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Searched {
    /// The secrets, in the order of the text.
    pub hits: Vec<Hit>,
    /// Whether it was given up, because there was more than anybody reads.
    pub cut: bool,
}

/// Bytes looked at before a keyword, and after it: the longest token is an Atlassian one of some 200.
const BEFORE: usize = 80;
const AFTER: usize = 400;
/// A private key of 16384 bits in PEM has 12 700 bytes.
const AFTER_PEM: usize = 16 << 10;
/// Most secrets of one text.
const MOST: usize = 200;
/// Keyword hits of any text whose surroundings are looked at; of a long text one more for each so many bytes, since a lock
/// file of thousands of checksums has something like a keyword in every second one.
const MOST_HITS: usize = 20_000;
const BYTES_PER_HIT: usize = 24;

struct Engine {
    keywords: AhoCorasick,
    /// For each keyword the rules it belongs to.
    of_keyword: Vec<Vec<usize>>,
    rules: Vec<Compiled>,
}

/// A rule, and its expression once something had one of its keywords: most texts have few, and a hundred expressions
/// take longer to compile than a small image to list.
struct Compiled {
    rule: &'static SecretRule,
    expression: OnceLock<Option<Regex>>,
}

impl Compiled {
    /// `None` only if the rule is written wrongly, which a test sees to.
    fn expression(&self) -> Option<&Regex> {
        self.expression.get_or_init(|| Regex::new(self.rule.pattern).ok()).as_ref()
    }
}

static ENGINE: LazyLock<Option<Engine>> = LazyLock::new(Engine::new);

impl Engine {
    /// `None` only if the keywords are too many for an automaton, which a test sees to.
    fn new() -> Option<Self> {
        let mut texts: Vec<String> = Vec::new();
        let mut of_keyword: Vec<Vec<usize>> = Vec::new();
        for (index, rule) in rules::all().enumerate() {
            for keyword in rule.keywords {
                if let Some(at) = texts.iter().position(|known| known == keyword) {
                    of_keyword.get_mut(at)?.push(index);
                } else {
                    texts.push((*keyword).to_owned());
                    of_keyword.push(vec![index]);
                }
            }
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&texts)
            .ok()?;
        let rules = rules::all().map(|rule| Compiled { rule, expression: OnceLock::new() }).collect();
        Some(Self { keywords, of_keyword, rules })
    }

    fn scan(&self, bytes: &[u8], text: Text<'_>) -> Searched {
        let mut found: Vec<Hit> = Vec::new();
        let mut cut = false;
        let most = MOST_HITS + bytes.len() / BYTES_PER_HIT;
        let mut lines = LineCounter { bytes, at: 0, line: 1 };
        for (count, hit) in self.keywords.find_overlapping_iter(bytes).enumerate() {
            if count == most || found.len() == MOST {
                cut = true;
                break;
            }
            let rules = self.of_keyword.get(hit.pattern().as_usize()).map_or(&[][..], Vec::as_slice);
            for &index in rules {
                let Some(compiled) = self.rules.get(index) else { continue };
                let rule = compiled.rule;
                if !rule.looks_in(text) {
                    continue;
                }
                let Some(expression) = compiled.expression() else { continue };
                let after = if rule.id.starts_with("key/") { AFTER_PEM } else { AFTER };
                let from = hit.start().saturating_sub(BEFORE);
                let to = hit.end().saturating_add(after).min(bytes.len());
                let Some(window) = bytes.get(from..to) else { continue };
                // Of several in the window the one that has the keyword in it.
                let fits = |found: &regex::bytes::Captures<'_>| {
                    found
                        .get(0)
                        .is_some_and(|all| from + all.start() <= hit.start() && hit.end() <= from + all.end())
                };
                let Some(captures) = expression.captures_iter(window).find(fits) else { continue };
                let Some(value) = captures.name("v") else { continue };
                let at = from + value.start();
                // What a rule of its own knows is not "a password" only because that is what stands before it.
                let known = found.iter().position(|known| known.at == at);
                let better =
                    known.and_then(|known| found.get(known)).is_none_or(|k| k.rule.id == rules::GENERIC);
                if !better || !rule.accepts(value.as_bytes()) {
                    continue;
                }
                if let Some(known) = known {
                    found.remove(known);
                }
                found.push(Hit {
                    rule,
                    at,
                    len: value.len(),
                    line: lines.line_of(at),
                    redacted: rule.redact(value.as_bytes()),
                });
            }
        }
        // What a rule of its own knows is not told a second time as "a password".
        let specific: Vec<_> =
            found.iter().filter(|hit| hit.rule.id != rules::GENERIC).map(|hit| hit.line).collect();
        found.retain(|hit| hit.rule.id != rules::GENERIC || !specific.contains(&hit.line));
        found.sort_by_key(|hit| hit.at);
        Searched { hits: found, cut }
    }
}

/// Lines by offset; offsets mostly ascend.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl LineCounter<'_> {
    fn line_of(&mut self, at: usize) -> u32 {
        if at < self.at {
            (self.at, self.line) = (0, 1);
        }
        let between = self.bytes.get(self.at..at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u32;
        self.at = at;
        self.line
    }
}

impl SecretRule {
    /// The rule of that id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        rules::all().find(|rule| rule.id == id)
    }

    fn looks_in(&self, text: Text<'_>) -> bool {
        match self.scope {
            Scope::Everywhere => true,
            Scope::Own => !text.library,
            Scope::Settings => text.settings,
            Scope::Files(names) => names.contains(&text.name),
        }
    }

    fn accepts(&self, value: &[u8]) -> bool {
        entropy(value) >= self.entropy && !placeholder::stands_for_a_secret(value) && (self.is_real)(value)
    }

    /// What may be shown of `value`.
    fn redact(&self, value: &[u8]) -> String {
        if self.id.starts_with("key/") {
            return "-----BEGIN … PRIVATE KEY-----".to_owned();
        }
        // Only a prefix that is the same for all of its kind, and for that the rule's own text is taken.
        let shared = self.keywords.iter().filter(|keyword| {
            value.get(..keyword.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(keyword.as_bytes()))
        });
        let prefix = shared.max_by_key(|keyword| keyword.len()).copied().unwrap_or_default();
        format!("{prefix}… ({} characters)", value.len())
    }
}

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static SecretRule> {
    rules::all()
}

/// The secrets of a part of a configuration: variables, labels, commands, a Dockerfile's lines.
pub fn scan(bytes: &[u8]) -> Vec<Hit> {
    scan_text(bytes, Text { name: "", settings: true, library: false }).hits
}

/// The secrets of `bytes`.
pub fn scan_text(bytes: &[u8], text: Text<'_>) -> Searched {
    ENGINE.as_ref().map_or_else(Searched::default, |engine| engine.scan(bytes, text))
}

/// Shannon's entropy in bits a byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in value {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let all = value.len() as f64;
    let share = |count: u32| f64::from(count) / all;
    -counts.iter().filter(|&&count| count > 0).map(|&count| share(count) * share(count).log2()).sum::<f64>()
}

#[cfg(test)]
mod tests;
