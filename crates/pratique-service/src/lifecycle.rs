//! Lifecycle policies: which images of a repository go, and by which rule.
//!
//! The grammar and its meaning are those of Amazon ECR's private repositories (user guide, "Lifecycle policy
//! properties" and "Automate the cleanup of images by using lifecycle policies", with its evaluation rules). What
//! surprises people, and is so on purpose:
//!
//! - All rules look at the same images at once; only then are they applied in order of `rulePriority`. So a rule
//!   *identifies* (and counts) images that an earlier rule expires.
//! - An image that an earlier rule identifies is safe from later ones, even where the earlier rule keeps it. That is
//!   how tags are protected: a rule with a low number and a high count.
//! - A list of patterns is an AND: for "either" write two rules.
//! - What `imageCountMoreThan` may not take does not make it take a younger image instead.
//! - An image that an index lists stays while the index does.
//!
//! [`LifecyclePolicy::parse`] reads and checks, in ECR's words; [`LifecyclePolicy::evaluate`] answers what a preview
//! shows and what the next run does. Neither knows what time it is.

mod evaluate;
mod policy;
mod read;

#[cfg(test)]
mod documented;
#[cfg(test)]
mod naive;

pub use self::{
    evaluate::{Candidate, Consequence, Evaluation},
    policy::{Action, Count, LifecyclePolicy, Rule, Selection, StorageClass, Tags},
};
