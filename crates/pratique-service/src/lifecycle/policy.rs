//! A policy that has been read.

use serde::{Deserialize, Serialize};

use crate::names::wildcard::Pattern;

/// Rules, in the order in which they are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    pub(super) rules: Vec<Rule>,
}

impl LifecyclePolicy {
    /// The rules, lowest `rulePriority` first.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// Which images, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Rules with lower numbers are applied first.
    pub priority: u32,
    /// What it is for.
    pub description: Option<String>,
    /// Which images.
    pub selection: Selection,
    /// What becomes of them.
    pub action: Action,
}

/// Which images a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// By their tags.
    pub tags: Tags,
    /// By where they lie.
    pub storage: StorageClass,
    /// Which of those are too many, or too old.
    pub count: Count,
}

/// A condition on the tags of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// Whether or not there are any.
    Any,
    /// There are none.
    Untagged,
    /// Each of these patterns fits some tag.
    Patterns(Vec<Pattern>),
    /// With each of these some tag begins.
    Prefixes(Vec<String>),
}

impl Tags {
    /// Whether an image with these tags is meant.
    pub fn fit(&self, tags: &[String]) -> bool {
        match self {
            Self::Any => true,
            Self::Untagged => tags.is_empty(),
            Self::Patterns(patterns) => {
                patterns.iter().all(|pattern| tags.iter().any(|tag| pattern.fits(tag)))
            }
            Self::Prefixes(prefixes) => {
                prefixes.iter().all(|prefix| tags.iter().any(|tag| tag.starts_with(prefix.as_str())))
            }
        }
    }
}

/// Where the layers of an image lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StorageClass {
    /// At hand.
    #[default]
    Standard,
    /// In the archive: it has to be restored before it can be pulled.
    Archive,
}

/// When an image is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// There are so many younger ones.
    ImagesMoreThan(u64),
    /// It was pushed more than so many days ago.
    DaysSincePushed(u64),
    /// It was last pulled more than so many days ago.
    DaysSincePulled(u64),
    /// It was archived more than so many days ago.
    DaysSinceTransitioned(u64),
}

/// What becomes of an image. Written as ECR's preview writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// It is deleted.
    Expire,
    /// It is moved.
    #[serde(rename_all = "camelCase")]
    Transition {
        /// Where to.
        target_storage_class: StorageClass,
    },
}

impl Action {
    /// Move to the archive, the only move there is.
    pub const ARCHIVE: Self = Self::Transition { target_storage_class: StorageClass::Archive };
}
