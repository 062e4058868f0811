//! Sorting and pages.
//!
//! A page is the first of the findings that come behind its token, in an order that is total: by the field that was asked
//! for, then by repository, image and vulnerability. So nothing is told twice or left out, whatever comes and goes between
//! two pages, and only a page's worth is held.

use std::{cmp::Ordering, collections::BTreeSet};

use pratique_advisory::Database;
use serde::{Deserialize, Serialize};

use super::{Status, row::Row, source::publisher, subject::epss};

/// What findings can be sorted by, as Inspector names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "they are called what they are")]
pub enum SortField {
    AwsAccountId,
    FindingType,
    Severity,
    FirstObservedAt,
    LastObservedAt,
    FindingStatus,
    ResourceType,
    EcrImagePushedAt,
    EcrImageRepositoryName,
    EcrImageRegistry,
    NetworkProtocol,
    ComponentType,
    VulnerabilityId,
    VulnerabilitySource,
    InspectorScore,
    VendorSeverity,
    EpssScore,
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// The greatest first.
    pub descending: bool,
}

impl SortField {
    /// Whether all findings of images have the same of it.
    pub(crate) fn is_constant(self) -> bool {
        matches!(
            self,
            Self::AwsAccountId
                | Self::FindingType
                | Self::ResourceType
                | Self::EcrImageRegistry
                | Self::NetworkProtocol
                | Self::ComponentType
        )
    }

    /// What a finding has of it.
    pub(crate) fn rank(self, row: &Row, status: Option<Status>, advisories: Option<&Database>) -> Rank {
        let scaled = |score: Option<f32>| match score {
            // EPSS has five decimals.
            Some(score) => Rank::Number((f64::from(score) * 1e6).round() as i64),
            None => Rank::Nothing,
        };
        match self {
            field if field.is_constant() => Rank::Nothing,
            Self::Severity => Rank::Number(row.level as i64),
            Self::FirstObservedAt => Rank::Number(row.first),
            Self::LastObservedAt => Rank::Number(row.updated),
            Self::FindingStatus => match status {
                Some(status) => Rank::Text(status.name().into()),
                None => Rank::Nothing,
            },
            Self::EcrImagePushedAt => Rank::Number(row.image.found_in.pushed_at),
            Self::EcrImageRepositoryName => Rank::Text(row.image.found_in.repository.clone()),
            Self::VulnerabilityId => Rank::Text(row.vulnerability.to_string()),
            Self::VulnerabilitySource => match row.parts.first() {
                Some(part) => Rank::Text(publisher(&row.vulnerability, &part.component.matchable).0),
                None => Rank::Nothing,
            },
            Self::InspectorScore => scaled(row.score()),
            Self::VendorSeverity => match row.vendor_severity() {
                Some(word) => Rank::Text(word.to_owned()),
                None => Rank::Nothing,
            },
            Self::EpssScore => scaled(epss(advisories, &row.vulnerability)),
            _ => Rank::Nothing,
        }
    }
}

/// What a finding has of the field that is sorted by. Nothing comes before something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Rank {
    Nothing,
    Number(i64),
    Text(String),
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) rank: Rank,
    pub(crate) descending: bool,
    pub(crate) repository: String,
    pub(crate) digest: String,
    pub(crate) vulnerability: String,
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rank = self.rank.cmp(&other.rank);
        let by_rank = if self.descending { by_rank.reverse() } else { by_rank };
        by_rank
            .then_with(|| self.repository.cmp(&other.repository))
            .then_with(|| self.digest.cmp(&other.digest))
            .then_with(|| self.vulnerability.cmp(&other.vulnerability))
    }
}

/// A page in the making: the least of what was offered, behind a position.
pub(crate) struct Page<T> {
    limit: usize,
    after: Option<Position>,
    kept: BTreeSet<Entry<T>>,
    /// Whether something was left out behind the last.
    more: bool,
}

struct Entry<T>(Position, T);

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Page<T> {
    pub(crate) fn new(limit: usize, after: Option<Position>) -> Self {
        Self { limit, after, kept: BTreeSet::new(), more: false }
    }

    /// Takes something in, if it belongs on the page.
    pub(crate) fn offer(&mut self, position: Position, item: T) {
        if self.after.as_ref().is_some_and(|after| position <= *after) {
            return;
        }
        if self.kept.len() >= self.limit {
            self.more = true;
            if self.kept.last().is_none_or(|last| last.0 <= position) {
                return;
            }
            self.kept.pop_last();
        }
        self.kept.insert(Entry(position, item));
    }

    /// Whether nothing that comes later in the order can change it.
    pub(crate) fn is_complete(&self) -> bool {
        self.more
    }

    /// The page, and where the next one begins, if there is more.
    pub(crate) fn finish(self) -> (Vec<T>, Option<Position>) {
        let next = if self.more { self.kept.last().map(|last| last.0.clone()) } else { None };
        (self.kept.into_iter().map(|Entry(_, item)| item).collect(), next)
    }
}
