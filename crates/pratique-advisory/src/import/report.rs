//! What an import did, so that nothing is passed over in silence.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::Serialize;

use crate::{Counts, FeedId, FeedInfo, Info};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImportReport {
    /// What is in the database now; the counts of each zip are in [`Info::imported`].
    pub info: Info,
    /// Files of the source that are missing or damaged as a whole.
    pub problems: Vec<Problem>,
    /// What became of the feeds besides OSV's; moves to [`Info::feeds`] when the database is written.
    #[serde(skip)]
    pub(crate) feeds: BTreeMap<FeedId, FeedInfo>,
    /// The newest change that was read of the OSV export.
    #[serde(skip)]
    pub(crate) newest: Option<Timestamp>,
    /// Feeds that are what they were, and were not read again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unchanged: Vec<FeedId>,
    /// What changed in the OSV export, if only that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Every record that no package leads to, with the reason; duplicates are only counted. Sorted.
    pub skipped: Vec<Skipped>,
}

impl ImportReport {
    /// The sum of all zips and feeds.
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        self.info.imported.values().for_each(|counts| totals.add(counts));
        self.info.feeds.values().for_each(|feed| totals.add(&feed.counts));
        totals
    }
}

/// What changed in the OSV export since an earlier import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Records that were read one by one.
    pub records: usize,
    /// Ecosystems in which so much changed that their zips were read.
    pub ecosystems: usize,
    /// Records that are there no more.
    pub gone: usize,
}

/// A file of the source that could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// The list of ecosystems names it, and it is not there.
    Missing {
        /// The file.
        path: String,
    },
    /// A feed could not be read.
    Feed {
        /// The feed.
        feed: FeedId,
        /// Why.
        reason: String,
    },
    /// It is no zip that can be read.
    Damaged {
        /// The file.
        path: String,
        /// What was found wrong.
        reason: String,
    },
}

impl Problem {
    /// What it is about: the name of the feed, or the file's path.
    pub fn of(&self) -> &str {
        match self {
            Problem::Missing { path } | Problem::Damaged { path, .. } => path,
            Problem::Feed { feed, .. } => feed.name(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing { path } => {
                write!(f, "{path} is missing, though `ecosystems.txt` names its ecosystem")
            }
            Problem::Feed { feed, reason } => write!(f, "the feed {feed} cannot be read: {reason}"),
            Problem::Damaged { path, reason } => write!(f, "{path} cannot be read: {reason}"),
        }
    }
}

/// A record that no package leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// The zip.
    pub ecosystem: String,
    /// The record's identifier, or the name of a file that could not be read.
    pub member: String,
    /// Why.
    pub reason: SkipReason,
    /// What was found wrong with a file that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why no package leads to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// It was withdrawn; it is not in the database.
    Withdrawn,
    /// It names commits and no versions; it is in the database and can be found by its identifiers.
    CommitsOnly,
    /// It names no package, or no version of any; it is in the database and can be found by its identifiers.
    NoPackage,
    /// It could not be read.
    Unusable,
    /// A field of a record that was taken keeps it from ever matching anything; the detail says why.
    MatchesNothing,
    /// It is no record, but statements of a feed that are of no use here; the detail says why.
    LeftOut,
}
