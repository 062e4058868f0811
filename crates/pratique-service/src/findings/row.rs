//! A finding by what the components of its image remember: enough to filter and sort by, and cheap.

use std::sync::Arc;

use pratique_advisory::Level;
use pratique_store::{Micros, component::Observation};
use xxhash_rust::xxh3::Xxh3;

use super::{Fix, FoundIn, known::Known};

const DAY: Micros = 24 * 3600 * 1_000_000;
/// How long findings that were fixed are told of, as Inspector does.
const FIXED_KEPT: Micros = 30 * DAY;
/// How long those of images are that are not watched any more.
const UNWATCHED_KEPT: Micros = 3 * DAY;

/// An image in a repository, as findings need it.
pub(crate) struct Held {
    /// What is told of it.
    pub(crate) found_in: FoundIn,
    /// Since when it is not watched any more.
    pub(crate) unwatched: Option<Micros>,
}

/// A package of a finding.
pub(crate) struct Part {
    pub(crate) component: Arc<Known>,
    pub(crate) seen: Arc<Observation>,
}

/// A finding.
pub(crate) struct Row {
    pub(crate) image: Arc<Held>,
    pub(crate) vulnerability: Arc<str>,
    /// The packages that have it; of a closed finding those that had it. Never empty.
    pub(crate) parts: Vec<Part>,
    pub(crate) level: Level,
    pub(crate) first: Micros,
    pub(crate) updated: Micros,
    pub(crate) closed: Option<Micros>,
}

/// The findings of an image, by vulnerability.
pub(crate) fn rows_of<'a>(
    image: &Arc<Held>,
    components: impl Iterator<Item = &'a Arc<Known>>,
    now: Micros,
) -> Vec<Row> {
    let mut parts: Vec<(&Arc<str>, &Arc<Known>, &Arc<Observation>)> = components
        .flat_map(|component| component.observations.iter().map(move |(id, seen)| (id, component, seen)))
        .collect();
    parts.sort_by(|(id, component, _), (other_id, other, _)| {
        let name = |known: &Known| (known.matchable.package.full_name().into_owned(), known.key);
        id.cmp(other_id).then_with(|| name(component).cmp(&name(other)))
    });
    let mut rows = Vec::new();
    for group in parts.chunk_by(|(one, ..), (other, ..)| one == other) {
        rows.extend(row_of(image, group, now));
    }
    rows
}

fn row_of(
    image: &Arc<Held>,
    group: &[(&Arc<str>, &Arc<Known>, &Arc<Observation>)],
    now: Micros,
) -> Option<Row> {
    let pushed = image.found_in.pushed_at;
    let is_open = group.iter().any(|(_, _, seen)| seen.closed.is_none());
    let fixed = if is_open { None } else { group.iter().filter_map(|(_, _, seen)| seen.closed).max() };
    let (closed, kept) = match (fixed, image.unwatched) {
        (Some(fixed), unwatched) if unwatched.is_none_or(|unwatched| fixed <= unwatched) => {
            (Some(fixed), FIXED_KEPT)
        }
        (_, Some(unwatched)) => (Some(unwatched), UNWATCHED_KEPT),
        (fixed, None) => (fixed, FIXED_KEPT),
    };
    // What was over before the image came was never found in it.
    if closed.is_some_and(|closed| closed < pushed || closed.saturating_add(kept) < now) {
        return None;
    }
    let counts = |seen: &Observation| !is_open || seen.closed.is_none();
    let group = group.iter().filter(|(_, _, seen)| counts(seen));
    let parts: Vec<Part> = group
        .clone()
        .map(|(_, component, seen)| Part { component: Arc::clone(component), seen: Arc::clone(seen) })
        .collect();
    let (vulnerability, ..) = group.clone().next()?;
    let level = parts.iter().map(Part::level).max()?;
    let first = parts.iter().map(|part| part.seen.first_seen).min()?.max(pushed);
    let updated = parts.iter().map(|part| part.seen.updated).max()?.max(first).max(closed.unwrap_or(first));
    let (image, vulnerability) = (Arc::clone(image), Arc::clone(vulnerability));
    Some(Row { image, vulnerability, parts, level, first, updated, closed })
}

impl Part {
    /// How bad it is in this package.
    pub(crate) fn level(&self) -> Level {
        Level::ALL.get(usize::from(self.seen.level)).copied().unwrap_or(Level::Unknown)
    }
}

impl Row {
    /// The finding's id.
    pub(crate) fn id(&self) -> String {
        // The image's name has the account and the region in it.
        let mut hash = Xxh3::new();
        hash.update(self.image.found_in.arn.as_bytes());
        hash.update(b"\n");
        hash.update(self.vulnerability.as_bytes());
        format!("{:032x}", hash.digest128())
    }

    /// Whether there are fixed versions.
    pub(crate) fn fix(&self) -> Fix {
        let fixed = self.parts.iter().filter(|part| part.seen.fixed.is_some()).count();
        match fixed {
            0 => Fix::No,
            all if all == self.parts.len() => Fix::Yes,
            _ => Fix::Partial,
        }
    }

    /// Whether it is known to be exploited.
    pub(crate) fn is_exploited(&self) -> bool {
        self.parts.iter().any(|part| part.seen.exploited)
    }

    /// The CVSS score that counts.
    pub(crate) fn score(&self) -> Option<f32> {
        self.parts.iter().filter_map(|part| part.seen.score).max_by(f32::total_cmp)
    }

    /// The publisher's word, of the package where it is worst.
    pub(crate) fn vendor_severity(&self) -> Option<&str> {
        let rated = self.parts.iter().filter(|part| part.seen.vendor.is_some());
        rated.max_by_key(|part| part.level()).and_then(|part| part.seen.vendor.as_deref())
    }

    /// Vulnerability and packages in a line.
    pub(crate) fn title(&self) -> String {
        const SHOWN: usize = 2;
        let mut names: Vec<_> =
            self.parts.iter().map(|part| part.component.matchable.package.full_name()).collect();
        names.dedup();
        let more = names.len().saturating_sub(SHOWN);
        names.truncate(SHOWN);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} - {}{tail}", self.vulnerability, names.join(", "))
    }
}
