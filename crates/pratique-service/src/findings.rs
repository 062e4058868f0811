//! Findings as the server tells them: one for each vulnerability of each image, as Amazon Inspector counts.
//!
//! Nothing of a finding is stored with an image. What must be remembered (severity, first seen, since when it is gone) is
//! with the *components* that images share, as observations; a finding is put together when somebody asks:
//!
//! * [`row`]: what the observations of an image's components tell, which is enough to filter and sort by almost anything;
//! * [`detail`]: what only the facts of the layers and the advisories tell (paths, layers, vectors, texts), found again for
//!   the images of one page and kept for a while;
//! * [`build`]: both together, the [`ImageFinding`].
//!
//! A finding exists from the push of its image, whenever its components were first seen. It is ACTIVE, SUPPRESSED while a
//! filter of the operator's hides it ([`suppress`]), or CLOSED since the advisories do not say so any more or the image is
//! no longer watched. Closed ones are told for as long as Inspector does: 30 days, 3 for images that are not watched. Facts:
//! Inspector's user guide, "Understanding findings".

pub mod aggregate;
mod build;
pub mod criteria;
mod detail;
mod known;
pub mod list;
#[cfg(test)]
mod naive;
mod package;
mod page;
mod platform;
mod row;
mod source;
mod subject;
pub mod suppress;
pub mod vulnerability;
mod walk;

use std::sync::Arc;

use jiff::Timestamp;
pub use pratique_advisory::Level;
use pratique_image::Digest;
use pratique_store::Micros;
use serde::{Deserialize, Serialize};

pub(crate) use self::detail::Recent;
pub(crate) use self::known::{chosen_cvss, vendor_word};
pub use self::list::{FindingsPage, FindingsQuery};
pub use self::page::{Sort, SortField};
pub use self::subject::decimal;
pub(crate) use self::walk::{Watch, times_of};
use crate::{Caller, Service, ServiceError, manifests::parse_digest};

/// One vulnerability in one image of one repository.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFinding {
    /// 32 hexadecimal digits; the same for the same vulnerability in the same image of the same repository.
    pub id: String,
    /// The vulnerability: its CVE id where it has one.
    pub vulnerability: String,
    /// Vulnerability and packages in a line.
    pub title: String,
    /// What it is; the title where nobody says more.
    pub description: String,
    /// As severe as it is in any package.
    pub severity: Level,
    /// Whether it is told of.
    pub status: Status,
    /// Since when it is known in this image.
    pub first_observed: Micros,
    /// When it was last seen.
    pub last_observed: Micros,
    /// When something was last learnt of it.
    pub updated: Micros,
    /// The packages that have it, by name, version and place.
    pub packages: Vec<VulnerablePackage>,
    /// Whether there are versions without it.
    pub fix: Fix,
    /// The CVSS score that counts.
    pub score: Option<Score>,
    /// All CVSS scores that anybody gives.
    pub scores: Vec<Score>,
    /// How bad its publisher says it is, in its own word.
    pub vendor_severity: Option<String>,
    /// Who publishes it, as Inspector calls them: `DEBIAN_CVE`, `NVD`, `GITHUB`.
    pub source: String,
    /// Where they do.
    pub source_url: String,
    /// The chance that it is exploited within 30 days, 0 to 1.
    pub epss: Option<f32>,
    /// That it is known to be exploited.
    pub exploited: Option<Exploited>,
    /// More to read.
    pub references: Vec<String>,
    /// Other names of it, and the advisories about it.
    pub related: Vec<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When that was last changed.
    pub modified: Option<Timestamp>,
    /// Where it is.
    pub image: Arc<FoundIn>,
}

/// The image of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundIn {
    /// The repository.
    pub repository: String,
    /// `arn:aws:ecr:REGION:ACCOUNT:repository/NAME/DIGEST`
    pub arn: String,
    /// The digest of its manifest.
    pub digest: String,
    /// The tags that point to it, in order.
    pub tags: Vec<String>,
    /// When it was pushed, last time.
    pub pushed_at: Micros,
    /// When it was pulled, last time.
    pub pulled_at: Option<Micros>,
    /// When it was scanned, last time.
    pub scanned_at: Micros,
    /// Architecture of its configuration.
    pub architecture: String,
    /// Its distribution, as Inspector writes it: `DEBIAN_12`.
    pub platform: Option<String>,
    /// Who made it.
    pub author: Option<String>,
}

/// A package that has the vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct VulnerablePackage {
    /// Name, with the group for Maven.
    pub name: String,
    /// Version without epoch and release where the ecosystem has them.
    pub version: String,
    /// Epoch, of packages of the operating system.
    pub epoch: Option<u32>,
    /// Release, where the version has one.
    pub release: Option<String>,
    /// Architecture, in capitals.
    pub arch: Option<String>,
    /// How it was installed, as Inspector calls it: `OS`, `NPM`, …
    pub manager: Option<&'static str>,
    /// The first file that states it; none of packages of the operating system.
    pub path: Option<String>,
    /// The blob of the layer that brought it.
    pub layer: Option<String>,
    /// The version without the vulnerability.
    pub fixed: Option<String>,
    /// What to do.
    pub remediation: Option<&'static str>,
}

/// A CVSS score.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The base score.
    pub score: f32,
    /// The vector.
    pub vector: String,
    /// The version of CVSS: `3.1`.
    pub version: &'static str,
    /// Who says so: `NVD`, `GITHUB`, …
    pub source: String,
}

/// What CISA's catalogue says of a vulnerability that is known to be exploited. Dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exploited {
    /// When it came into the catalogue.
    pub since: String,
    /// Until when something must be done.
    pub due: String,
    /// What.
    pub action: String,
}

/// Whether a finding is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is there.
    Active,
    /// It is there, and a filter hides it.
    Suppressed,
    /// It is gone.
    Closed,
}

impl Status {
    /// As Inspector writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suppressed => "SUPPRESSED",
            Self::Closed => "CLOSED",
        }
    }
}

/// Whether there are versions of the packages without the vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fix {
    /// Of none.
    No,
    /// Of some.
    Partial,
    /// Of all.
    Yes,
}

impl Fix {
    /// As Inspector writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "NO",
            Self::Partial => "PARTIAL",
            Self::Yes => "YES",
        }
    }
}

impl Service {
    /// All findings of an image, the most severe first; closed and suppressed ones too.
    ///
    /// # Errors
    /// [`ServiceError::NotScanned`] for an image that was never scanned.
    pub async fn image_findings(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<Vec<ImageFinding>, ServiceError> {
        let (image, rows) = walk::one(self, caller, repository, digest).await?;
        let judge = self.judge_of_findings(criteria::Criteria::default()).await?;
        let mut findings = self.build_findings(&judge, &image, rows).await?;
        findings.sort_by(|one, other| {
            other.severity.cmp(&one.severity).then_with(|| one.vulnerability.cmp(&other.vulnerability))
        });
        Ok(findings)
    }

    /// The finding of that id, for somebody who may see it.
    ///
    /// # Errors
    /// [`ServiceError`] when findings cannot be read.
    pub async fn finding(&self, caller: &Caller, id: &str) -> Result<Option<ImageFinding>, ServiceError> {
        let Some(place) = self.find_place(caller, id).await? else { return Ok(None) };
        let digest = parse_digest(&place.digest)?;
        let (image, rows) = match walk::one(self, caller, &place.repository, &digest).await {
            // Told of a moment ago, and gone since, or none of theirs.
            Err(
                ServiceError::ManifestUnknown { .. }
                | ServiceError::NotScanned(_)
                | ServiceError::RepositoryUnknown(_)
                | ServiceError::Denied { .. },
            ) => return Ok(None),
            other => other?,
        };
        let rows = rows.into_iter().filter(|row| *row.vulnerability == *place.vulnerability).collect();
        let judge = self.judge_of_findings(criteria::Criteria::default()).await?;
        Ok(self.build_findings(&judge, &image, rows).await?.pop())
    }
}
