//! Which finding of the new side is which of the old.
//!
//! Findings are paired off one by one, so that numbers add up: the old side has as many as were fixed and are still there, the
//! new side as many as are new and still there. The likest are paired first: the same vulnerability, under any of its
//! names, in the same package in the same place; then in the same package, in whatever version, because an update that does
//! not mend a flaw has not brought it.
//!
//! Distributions put versions into the names of binary packages: an upgrade takes `libperl5.32` away and brings
//! `libperl5.36`. What is left of one source package (`perl`) on both sides is therefore paired too. A flaw in one more
//! package of a source that was there before is new: there is one more package to mend.

use std::collections::{HashMap, VecDeque};

use super::FindingChanges;
use crate::model::FindingRow;

/// What a finding is known by besides the vulnerability; `None` if it cannot be known in that way.
type Likeness = fn(&FindingRow) -> Option<Vec<String>>;

/// The likest first.
const LIKENESSES: [Likeness; 3] = [
    |row| Some(vec![row.package.full_name(), row.package.locations.join("\n")]),
    |row| Some(vec![row.package.full_name()]),
    |row| row.package.is_os().then(|| vec![row.package.built_from().0]),
];

/// A finding that may have its like on the other side.
struct Single {
    row: FindingRow,
    is_paired: bool,
}

/// Compares the findings of two sides.
pub(super) fn changes(old: Vec<FindingRow>, new: Vec<FindingRow>) -> FindingChanges {
    let singles = |rows: Vec<FindingRow>| {
        rows.into_iter().map(|row| Single { row, is_paired: false }).collect::<Vec<_>>()
    };
    let (mut old, mut new) = (singles(old), singles(new));
    for likeness in LIKENESSES {
        pair(likeness, &mut old, &mut new);
    }
    let (remaining, new): (Vec<_>, Vec<_>) = new.into_iter().partition(|single| single.is_paired);
    let rows = |singles: Vec<Single>| singles.into_iter().map(|single| single.row).collect();
    old.retain(|single| !single.is_paired);
    FindingChanges { new: rows(new), fixed: rows(old), remaining: rows(remaining) }
}

/// Pairs what is not paired yet and alike.
fn pair(likeness: Likeness, old: &mut [Single], new: &mut [Single]) {
    let mut waiting: HashMap<Vec<String>, VecDeque<usize>> = HashMap::new();
    for (index, single) in old.iter().enumerate().filter(|(_, single)| !single.is_paired) {
        for key in keys(&single.row, likeness) {
            waiting.entry(key).or_default().push_back(index);
        }
    }
    for single in new.iter_mut().filter(|single| !single.is_paired) {
        let mut free = keys(&single.row, likeness).into_iter().filter_map(|key| {
            let queue = waiting.get_mut(&key)?;
            // It may have been taken under another of its names.
            while queue.front().is_some_and(|&index| old.get(index).is_none_or(|other| other.is_paired)) {
                queue.pop_front();
            }
            queue.pop_front()
        });
        let free = free.next();
        if let Some(other) = free.and_then(|index| old.get_mut(index)) {
            (other.is_paired, single.is_paired) = (true, true);
        }
    }
}

/// What a finding is known by, under each name of its vulnerability.
fn keys(row: &FindingRow, likeness: Likeness) -> Vec<Vec<String>> {
    let Some(likeness) = likeness(row) else { return Vec::new() };
    let ids = std::iter::once(&row.finding.id).chain(&row.finding.aliases);
    let key = |id: &String| [vec![id.clone(), row.package.kind.clone()], likeness.clone()].concat();
    ids.map(key).collect()
}
