//! Findings and rules to verdicts, with the reasons: step 5 of the one flow, and pure.
//!
//! A [`RiskPolicy`] is data: rules about the findings of an image, and exceptions for some of them. Asked a
//! [`Question`] (which repository, what time it is, what was found) it answers a [`Verdict`]: how great the risk is,
//! what to do, whether that complies, and for each of it the rule and the findings that led there.
//!
//! Where other judges will go: a statement that a product is not affected (VEX) sets findings aside exactly as an
//! exception does, so it becomes another source of [`Suppressed`]; a judge that is a program (Rego) answers the same
//! question with the same verdict. Nothing above this crate has to know which of them spoke.
//!
//! [`wildcard`] matches all patterns of the system, so it lies on the lowest floor that has some.

mod exception;
mod judge;
mod rules;
mod verdict;
pub mod wildcard;

pub use crate::{
    exception::{Exception, Expiry},
    judge::{Found, Question},
    rules::{BadPolicy, Condition, Limits, Outcome, RiskPolicy, Rule, RuleSet},
    verdict::{Action, Compliance, FindingRef, Lapsed, Reason, Risk, Suppressed, Verdict},
};
