//! Ecosystems by the names that people type.

use pratique_advisory::{Database, EcosystemEntry};
use pratique_version::Ecosystem;

/// The database has nothing of an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the advisory database knows no ecosystem {name:?}; {}",
    if near.is_empty() { "`pratique db status` lists those that it knows".to_owned() }
    else { format!("near it are {}", near.join(", ")) }
)]
pub struct UnknownEcosystem {
    /// What was asked for.
    pub name: String,
    /// Names that are like it, the likest first.
    pub near: Vec<String>,
}

/// The ecosystems that `name` means: one by its name (`Debian:12`, `npm`), or all releases of a distribution (`Debian`);
/// in any case, and by the usual other names (`node`, `deb`, `alpine:v3.20`).
///
/// # Errors
/// When the database has nothing of it.
pub fn ecosystems<'db>(
    database: &'db Database,
    name: &str,
) -> Result<Vec<&'db EcosystemEntry>, UnknownEcosystem> {
    let name = name.trim();
    let (base, release) = name.split_once(':').map_or((name, None), |(base, release)| (base, Some(release)));
    let base = base.parse::<Ecosystem>().map_or(base, |known| known.osv_name());
    let is_meant = |known: &str| {
        let (other, rest) = known.split_once(':').map_or((known, None), |(base, rest)| (base, Some(rest)));
        other.eq_ignore_ascii_case(base)
            && release.is_none_or(|release| rest.is_some_and(|rest| is_release(rest, release)))
    };
    let all = || database.ecosystems().iter();
    let exact: Vec<_> = all().filter(|entry| *entry.name == *name).collect();
    let found = if exact.is_empty() { all().filter(|entry| is_meant(&entry.name)).collect() } else { exact };
    if !found.is_empty() {
        return Ok(found);
    }
    const ENOUGH: usize = 8;
    let release_of = |name: &str| name.split_once(':').map(|(_, release)| release.to_ascii_lowercase());
    let other_release = |known: &str| release_of(known) != release_of(name);
    let mut near: Vec<_> = all()
        .map(|entry| (unlikeness(&entry.name, name, base), other_release(&entry.name), &entry.name))
        .filter(|(unlike, ..)| *unlike <= FARTHEST)
        .collect();
    near.sort();
    near.truncate(ENOUGH);
    let near = near.into_iter().map(|(_, _, name)| name.to_string()).collect();
    Err(UnknownEcosystem { name: name.to_owned(), near })
}

/// `22.04` is meant to be `22.04:LTS`, and `3.20` `v3.20`.
fn is_release(known: &str, asked: &str) -> bool {
    let plain = |text: &str| text.trim_start_matches('v').to_ascii_lowercase();
    let known = plain(known.strip_suffix(":LTS").unwrap_or(known));
    known == plain(asked.strip_suffix(":LTS").unwrap_or(asked))
}

/// Edits beyond which two names are not alike.
const FARTHEST: usize = 3;

/// How unlike a known name is to the one that was typed: 0 for another release of the same distribution.
fn unlikeness(known: &str, name: &str, base: &str) -> usize {
    let of = |text: &str| text.split(':').next().unwrap_or(text).to_lowercase();
    if of(known) == of(base) {
        return 0;
    }
    if of(known).contains(&of(name)) && name.len() > 2 {
        return 1;
    }
    edits(&of(known), &of(name))
}

/// Letters that must be added, removed or replaced to come from `a` to `b` (Levenshtein).
pub(super) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (done, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], done + 1);
        for (at, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{edits, is_release};

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [("", "", 0), ("npm", "npn", 1), ("pypi", "", 4), ("kitten", "sitting", 3)] {
            assert_eq!(edits(a, b), expected, "{a} {b}");
            assert_eq!(edits(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn releases_are_known_by_their_usual_spelling() {
        assert!(is_release("22.04:LTS", "22.04") && is_release("v3.20", "3.20") && is_release("12", "12"));
        assert!(!is_release("12", "1") && !is_release("Pro:22.04:LTS", "22.04"));
    }
}
