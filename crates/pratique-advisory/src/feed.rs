//! Feeds: who publishes advisories, and whose word goes before whose.
//!
//! A [`Feed`] reads what one publisher puts out and turns it into records of the Open Source Vulnerability format, which
//! everything above knows. Each lies in a file of its own below [`crate::feeds`]. A record in the database remembers its
//! feed ([`FeedId`]): one flaw of one package is often told by several, and the one that knows best decides
//! ([`FeedId::authority`]).

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Counts, SkipReason, Skipped, Source, SourceError,
    compile::intake::{self, Fate, Intake},
    osv,
};

/// What a feed is called in a database, in messages and on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FeedId {
    /// The public OSV export, or a mirror of it.
    #[default]
    Osv = 0,
    /// Alpine's security database.
    Alpine = 1,
    /// Amazon Linux's `updateinfo.xml`.
    Amazon = 2,
    /// Azure Linux's OVAL definitions.
    AzureLinux = 3,
    /// Chainguard's security database.
    Chainguard = 4,
    /// The Debian security tracker.
    Debian = 5,
    /// The National Vulnerability Database.
    Nvd = 6,
    /// Oracle Linux's OVAL definitions.
    Oracle = 7,
    /// Photon OS's CVE metadata.
    Photon = 8,
    /// A folder of one's own.
    Private = 9,
    /// Red Hat's VEX documents.
    RedHat = 10,
    /// Ubuntu's VEX documents.
    Ubuntu = 11,
    /// VEX documents of vendors: OpenVEX and CSAF.
    Vex = 12,
    /// Wolfi's security database.
    Wolfi = 13,
}

/// How much a feed's word counts where several speak of one flaw in one package. A higher one decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Names products in general, and not the package as anybody ships it: NVD.
    General,
    /// Gathers what others publish: OSV. Here also the databases of the language ecosystems, which OSV carries.
    Collected,
    /// The distribution itself, about its own packages.
    Distribution,
    /// Whoever ships the software, about that very product: VEX.
    Vendor,
    /// The operator of this database.
    Operator,
}

impl FeedId {
    /// All feeds, in the order of their numbers in the file.
    pub const ALL: [FeedId; 14] = [
        FeedId::Osv,
        FeedId::Alpine,
        FeedId::Amazon,
        FeedId::AzureLinux,
        FeedId::Chainguard,
        FeedId::Debian,
        FeedId::Nvd,
        FeedId::Oracle,
        FeedId::Photon,
        FeedId::Private,
        FeedId::RedHat,
        FeedId::Ubuntu,
        FeedId::Vex,
        FeedId::Wolfi,
    ];

    /// The name, as in `azure-linux`.
    pub fn name(self) -> &'static str {
        match self {
            FeedId::Osv => "osv",
            FeedId::Alpine => "alpine",
            FeedId::Amazon => "amazon",
            FeedId::AzureLinux => "azure-linux",
            FeedId::Chainguard => "chainguard",
            FeedId::Debian => "debian",
            FeedId::Nvd => "nvd",
            FeedId::Oracle => "oracle",
            FeedId::Photon => "photon",
            FeedId::Private => "private",
            FeedId::RedHat => "red-hat",
            FeedId::Ubuntu => "ubuntu",
            FeedId::Vex => "vex",
            FeedId::Wolfi => "wolfi",
        }
    }

    /// The feed of that name.
    pub fn from_name(name: &str) -> Option<FeedId> {
        FeedId::ALL.into_iter().find(|feed| feed.name() == name)
    }

    /// How much its word counts.
    pub fn authority(self) -> Authority {
        match self {
            FeedId::Nvd => Authority::General,
            FeedId::Osv => Authority::Collected,
            FeedId::Vex => Authority::Vendor,
            FeedId::Private => Authority::Operator,
            _ => Authority::Distribution,
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<FeedId> {
        FeedId::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one publisher puts out, read.
pub trait Feed: Sync {
    /// Which one it is.
    fn id(&self) -> FeedId;

    /// The address below which the publisher's files lie. Paths given to [`Source`] are relative to it.
    fn base(&self) -> &'static str;

    /// Reads all of it. An entry that makes no sense is told to [`Sink::skip`]; only what makes the feed as a whole
    /// unreadable is an error, and then the database keeps what it has of this feed.
    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError>;
}

/// A feed could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A file of it could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file is not what it should be.
    #[error("{path} is not {expected}: {reason}")]
    Format {
        /// The file, as the publisher calls it.
        path: String,
        /// What it should be, with its article: "an OVAL document".
        expected: &'static str,
        /// What was found instead, and where.
        reason: String,
    },
    /// A file that the feed cannot do without is not there.
    #[error("{path} is not there: {hint}")]
    Missing {
        /// The file.
        path: String,
        /// What it is, and where it should be.
        hint: &'static str,
    },
    /// What was read could not be kept.
    #[error("cannot write a temporary file beside the database")]
    Output(#[source] std::io::Error),
    /// The import is strict, and an entry cannot be used.
    #[error("{feed}: {entry}: {reason}")]
    Strict {
        /// The feed.
        feed: FeedId,
        /// The entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Takes what a feed reads.
pub struct Sink<'a> {
    feed: FeedId,
    strict: bool,
    /// Times after this one are publishers' slips.
    now: Timestamp,
    take: &'a mut Take<'a>,
    counts: Counts,
    skipped: Vec<Skipped>,
    /// What is left out on purpose, and how often.
    left_out: BTreeMap<&'static str, u64>,
}

pub(crate) type Take<'a> = dyn FnMut(Intake) -> std::io::Result<()> + 'a;

impl<'a> Sink<'a> {
    pub(crate) fn new(feed: FeedId, strict: bool, now: Timestamp, take: &'a mut Take<'a>) -> Self {
        let (counts, skipped, left_out) = (Counts::default(), Vec::new(), BTreeMap::new());
        Sink { feed, strict, now, take, counts, skipped, left_out }
    }

    /// Takes one record. Its identifier must be the only one of that spelling in the feed; what several files say of one
    /// flaw is put together before.
    pub fn record(&mut self, record: &osv::Record<'_>) -> Result<(), FeedError> {
        match intake::of(record, self.feed) {
            Ok(intake) => {
                self.counts.members += 1;
                let modified = Timestamp::from_microsecond(intake.modified).ok();
                self.counts.newest =
                    self.counts.newest.max(modified.filter(|modified| *modified <= self.now));
                let (count, reason) = match intake.fate {
                    Fate::Indexed => (&mut self.counts.indexed, None),
                    Fate::Withdrawn(_) => (&mut self.counts.withdrawn, Some(SkipReason::Withdrawn)),
                    Fate::CommitsOnly => (&mut self.counts.commits_only, Some(SkipReason::CommitsOnly)),
                    Fate::NoPackage => (&mut self.counts.no_package, Some(SkipReason::NoPackage)),
                };
                *count += 1;
                // NVD names no packages: that is no omission.
                if let Some(reason) = reason.filter(|_| self.feed != FeedId::Nvd) {
                    let (ecosystem, member) = (self.feed.to_string(), intake.id.to_string());
                    self.skipped.push(Skipped { ecosystem, member, reason, detail: None });
                }
                (self.take)(intake).map_err(FeedError::Output)
            }
            Err(unusable) => self.skip(&record.id, &unusable.to_string()),
        }
    }

    /// Tells that an entry of the feed cannot be used.
    pub fn skip(&mut self, entry: &str, reason: &str) -> Result<(), FeedError> {
        let (entry, reason) = (entry.to_owned(), reason.to_owned());
        if self.strict {
            return Err(FeedError::Strict { feed: self.feed, entry, reason });
        }
        self.counts.members += 1;
        self.counts.unusable += 1;
        let ecosystem = self.feed.to_string();
        let skipped =
            Skipped { ecosystem, member: entry, reason: SkipReason::Unusable, detail: Some(reason) };
        self.skipped.push(skipped);
        Ok(())
    }

    /// Tells that something in an entry that was taken will have no effect, and what to do about it.
    pub(crate) fn doubt(&mut self, entry: &str, reason: &str) -> Result<(), FeedError> {
        let (member, reason) = (entry.to_owned(), reason.to_owned());
        if self.strict {
            return Err(FeedError::Strict { feed: self.feed, entry: member, reason });
        }
        let (ecosystem, detail) = (self.feed.to_string(), Some(reason));
        self.skipped.push(Skipped { ecosystem, member, reason: SkipReason::MatchesNothing, detail });
        Ok(())
    }

    /// Tells that `count` statements of the feed make sense and are of no use here: about a container image, say. Unlike an
    /// entry that is skipped, that is as it should be and fails no strict import; each reason is reported once, with the sum.
    pub fn leave_out(&mut self, reason: &'static str, count: u64) {
        if count > 0 {
            *self.left_out.entry(reason).or_default() += count;
        }
    }

    pub(crate) fn finish(mut self) -> (Counts, Vec<Skipped>) {
        for (reason, count) in self.left_out {
            self.skipped.push(Skipped {
                ecosystem: self.feed.to_string(),
                member: format!("{count} statements"),
                reason: SkipReason::LeftOut,
                detail: Some(reason.to_owned()),
            });
        }
        (self.counts, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back_to_the_feed() {
        for (number, feed) in FeedId::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(feed.code()), number);
            assert_eq!(FeedId::from_code(number as u8), Some(feed));
            assert_eq!(FeedId::from_name(feed.name()), Some(feed));
            assert_eq!(serde_json::to_string(&feed).unwrap(), format!("\"{feed}\""));
        }
        assert_eq!(FeedId::from_code(FeedId::ALL.len() as u8), None);
    }
}
