//! Components as findings need them: taken apart once.

use std::sync::Arc;

use pratique_advisory::System;
use pratique_match::{Finding, Rating};
use pratique_store::component::{Component, Observation};
use xxhash_rust::xxh3::xxh3_64;

use crate::scan::Matchable;

/// A component of which something was found.
pub(crate) struct Known {
    /// The package, and the distribution that it is of.
    pub(crate) matchable: Matchable,
    /// Names the package within an image: see [`key`].
    pub(crate) key: u64,
    /// What is known, by vulnerability.
    pub(crate) observations: Vec<(Arc<str>, Arc<Observation>)>,
}

/// Names a package as matching sees it.
pub(crate) fn key(package: &[u8]) -> u64 {
    xxh3_64(package)
}

impl Known {
    /// Takes a component apart; `None` if another version of the program wrote it, which a new scan mends.
    pub(crate) fn of(component: Component) -> Option<Self> {
        let matchable = postcard::from_bytes(&component.package).ok()?;
        let key = key(&component.package);
        let observations =
            component.findings.into_iter().map(|(id, seen)| (id.into(), Arc::new(seen))).collect();
        Some(Self { matchable, key, observations })
    }
}

/// The CVSS rating that a finding is scored by: the one that counts, else the best of what others say. NVD and most
/// publishers mean version 3.
pub(crate) fn chosen_cvss(finding: &Finding) -> Option<&Rating> {
    let rank = |rating: &&Rating| match rating.system {
        Some(System::CvssV31) => 4,
        Some(System::CvssV30) => 3,
        Some(System::CvssV40) => 2,
        _ => 1,
    };
    let own = Some(&finding.severity).filter(|rating| rating.score.is_some());
    own.or_else(|| finding.severities.iter().filter(|rating| rating.score.is_some()).max_by_key(rank))
}

/// The publisher's own word for how bad it is.
pub(crate) fn vendor_word(finding: &Finding) -> Option<&str> {
    let is_word = |rating: &&Rating| rating.system == Some(System::Rating) && !rating.value.is_empty();
    let own = Some(&finding.severity).filter(is_word);
    own.or_else(|| finding.severities.iter().find(is_word)).map(|rating| &*rating.value)
}
