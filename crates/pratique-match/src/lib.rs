//! Inventory × advisories → findings: step 4 of the one flow, and pure.
//!
//! For each package: under which keys its advisories are filed ([`distribution`], `lookup`), what each record
//! says of its version ([`judge()`], with the reason), and which of the records speak of the same vulnerability
//! (`merge`), and which version clears all of them (`fix`). [`find()`] is the way through, [`explain()`] the same
//! way with everything told. A new database re-runs this step alone.
//!
//! [`known`] answers people who ask the database itself: about a package, an identifier, or words.
//!
//! What cannot be told is part of the answer: versions that do not parse are in [`Matches::unknown`], packages
//! that nobody publishes advisories for in [`Matches::gaps`]. Neither looks like "not vulnerable".

pub mod distribution;
pub mod explain;
mod filed;
mod find;
pub mod finding;
mod fix;
mod flavour;
mod gaps;
pub mod judge;
pub mod known;
mod lifecycle;
mod local;
mod lookup;
mod merge;
mod modular;
mod precedence;
mod severity;

pub use crate::{
    distribution::{FiledUnder, Release, release_of},
    explain::{Explanation, explain},
    filed::filed_under,
    find::{MatchOptions, find, find_with},
    finding::{Epss, Evidence, Finding, FixState, Rating, Unknown},
    judge::{Installed, Verdict, judge},
};

/// What matching an inventory gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matches {
    /// Vulnerabilities, in the order of the packages.
    pub findings: Vec<Finding>,
    /// Pairs that could not be judged.
    pub unknown: Vec<Unknown>,
    /// What was not matched at all, each a sentence.
    pub gaps: Vec<String>,
    /// Number of packages that were matched.
    pub packages: usize,
}
