//! Verdicts: what is to be thought of an image, what to do, and why.
//!
//! The words are those that pipelines already compare with: `CRITICAL`, `IMMEDIATE_BLOCK`, `FAIL`.

use pratique_advisory::Level;
use serde::{Deserialize, Serialize};

use crate::exception::Expiry;

/// How great the risk is. Ordered: a greater risk is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Risk {
    /// Nothing that a rule minds.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Not to be run.
    Critical,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Nothing now; look again when more is known.
    #[serde(rename = "MONITOR")]
    Monitor,
    /// A person should look at it.
    #[serde(rename = "REVIEW_REQUIRED")]
    Review,
    /// It must not be used.
    #[serde(rename = "IMMEDIATE_BLOCK")]
    Block,
}

/// Whether the image is as the rules want images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Compliance {
    /// It is.
    Pass,
    /// It is not.
    Fail,
}

/// What the policy says of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// How great the risk is.
    pub risk: Risk,
    /// What is to be done.
    pub action: Action,
    /// Whether it complies.
    pub compliance: Compliance,
    /// Why: every rule that holds, the one that decided first. Empty where none holds.
    pub reasons: Vec<Reason>,
    /// Findings that were not counted, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// Findings that were counted though there is an exception for them, because it is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lapsed: Vec<Lapsed>,
}

/// A rule that holds, and what makes it hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The rule's name.
    pub rule: String,
    /// A sentence for people: `3 critical vulnerabilities, more than the 0 that are allowed`.
    pub text: String,
    /// Number of different vulnerabilities that count for the rule.
    pub vulnerabilities: usize,
    /// The findings that count for it, in the order in which they were given; one vulnerability in two packages is
    /// two of them.
    pub findings: Vec<FindingRef>,
}

/// Which finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingRef {
    /// The vulnerability.
    pub vulnerability: String,
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// How bad it is.
    pub severity: Level,
}

/// A finding that an exception takes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suppressed {
    /// The finding.
    pub finding: FindingRef,
    /// The exception's reason.
    pub reason: String,
    /// When the exception ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
}

/// A finding that an exception took out until it expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lapsed {
    /// The finding.
    pub finding: FindingRef,
    /// The exception's reason.
    pub reason: String,
    /// When the exception ended.
    pub expired: Expiry,
}
