//! What a database says about itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{FeedId, import::Validator};

/// Where a database came from, when, and how much is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When it was made.
    pub created: Timestamp,
    /// The program that made it, with its version.
    pub builder: String,
    /// What the advisories were imported from.
    pub source: String,
    /// Records in the database, those that no package leads to included.
    pub records: u32,
    /// Packages that have entries, over all ecosystems and releases.
    pub packages: u32,
    /// Entries: statements of one record about one package.
    pub entries: u32,
    /// CVEs of which a severity, an EPSS score or a KEV entry is known.
    pub cves: u64,
    /// The same for two databases that say the same, however they came about.
    pub content: String,
    /// Bytes of expanded text that no record has any more: an update leaves texts where they lie, until too many are unused.
    #[serde(skip_serializing_if = "is_zero")]
    pub unused_text: u64,
    /// The length of the file in bytes.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// The advisory zips that were read, by the name of their ecosystem.
    pub imported: BTreeMap<String, Counts>,
    /// The OSV export, if it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub osv: Option<OsvInfo>,
    /// The feeds besides OSV's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub feeds: BTreeMap<FeedId, FeedInfo>,
    /// The EPSS file that was read.
    pub epss: Option<EpssInfo>,
    /// The KEV catalogue that was read.
    pub kev: Option<KevInfo>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

impl Info {
    /// When the newest advisory data in the database was last changed at its source. Publishers sometimes state times in
    /// the future; those do not count.
    pub fn newest_modified(&self) -> Option<Timestamp> {
        // One feed that is fresh must not hide that the bulk of it all is not.
        if let Some(newest) = self.osv.as_ref().and_then(|osv| osv.newest) {
            return Some(newest);
        }
        let zips = self.imported.values().filter_map(|counts| counts.newest);
        let feeds = self.feeds.values().filter_map(|feed| feed.counts.newest);
        zips.chain(feeds).max()
    }
}

/// What became of the members of one ecosystem's zip.
///
/// `members` is the sum of all that follow it down to `unusable`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Files in the zip.
    pub members: u32,
    /// Records that packages lead to.
    pub indexed: u32,
    /// Copies of a record that is counted with another zip, or an older copy of it.
    pub duplicates: u32,
    /// Records that were withdrawn, and left out.
    pub withdrawn: u32,
    /// Records that name commits and no versions: kept for look-ups by identifier, but no package leads to them.
    pub commits_only: u32,
    /// Records that name no package, or no version of any: kept likewise.
    pub no_package: u32,
    /// Files that could not be read.
    pub unusable: u32,
    /// Of the records kept, how many of their `affected` entries name commits only and are in no index.
    pub commit_entries: u32,
    /// The newest `modified` of the zip's records that is not after the import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
}

impl Counts {
    /// Whether every member is accounted for.
    pub fn add_up(&self) -> bool {
        let Counts { members, indexed, duplicates, withdrawn, commits_only, no_package, unusable, .. } = self;
        *members == indexed + duplicates + withdrawn + commits_only + no_package + unusable
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        self.members += other.members;
        self.indexed += other.indexed;
        self.duplicates += other.duplicates;
        self.withdrawn += other.withdrawn;
        self.commits_only += other.commits_only;
        self.no_package += other.no_package;
        self.unusable += other.unusable;
        self.commit_entries += other.commit_entries;
        self.newest = self.newest.max(other.newest);
    }
}

/// The OSV export that a database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OsvInfo {
    /// Where it was read from.
    pub source: String,
    /// The newest change that was read: the next update looks for what changed since.
    pub newest: Option<Timestamp>,
}

/// A feed that a database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedInfo {
    /// Where it was read from.
    pub source: String,
    /// What became of its entries.
    pub counts: Counts,
    /// The files that were read, and by what they can be told to be the same at the next update.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Validator>,
}

/// A file on the web.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its address, without what must not be shown.
    pub url: String,
    /// By what it can be told to be the same.
    pub validator: Validator,
}

/// The EPSS file that a database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EpssInfo {
    /// The version of the model, as in `v2025.03.14`; empty in the first files.
    pub model: String,
    /// The day of the scores as the file states it; empty in the first files.
    pub date: String,
    /// CVEs with a score.
    pub scores: u32,
    /// Lines that could not be read.
    pub unusable: u32,
    /// Where it was read from, and by what it can be told to be the same at the next update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The KEV catalogue that a database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KevInfo {
    /// The catalogue's version, as in `2026.08.07`.
    pub version: String,
    /// Entries.
    pub entries: u32,
    /// Entries whose identifier is no CVE.
    pub unusable: u32,
    /// Where it was read from, and by what it can be told to be the same at the next update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}
