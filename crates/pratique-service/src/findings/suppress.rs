//! Filters: criteria with a name, kept for later; those with the action SUPPRESS hide the findings that they fit.
//!
//! A suppressed finding is still there and still counts for gates, which have exceptions of their own; it is told as
//! SUPPRESSED, and of it no events are sent.

use std::collections::BTreeMap;

use pratique_store::Micros;
use serde::{Deserialize, Serialize};

use super::criteria::Criteria;
use crate::{Caller, Service, ServiceError, events::uuid, now, settings::FILTERS};

/// What a filter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// Nothing: it is kept for later.
    None,
    /// Hides what it fits.
    Suppress,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingFilter {
    /// Names it, as it is unique and stays.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// Which findings it fits.
    pub criteria: Criteria,
    /// What it is for.
    pub description: Option<String>,
    /// Why it is there.
    pub reason: Option<String>,
    /// Tags on it.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
}

/// What is to be changed of a filter; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct FilterChange {
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub action: Option<Action>,
    /// Which findings it fits.
    pub criteria: Option<Criteria>,
    /// What it is for.
    pub description: Option<String>,
    /// Why it is there.
    pub reason: Option<String>,
}

/// Most filters, as Inspector's quota has it.
pub const FILTERS_AT_MOST: usize = 500;

/// Why a filter could not be made, changed or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// There is one of that name.
    #[error("There is a filter {0:?} already")]
    Exists(String),
    /// There is none.
    #[error("There is no filter {0}")]
    Unknown(String),
    /// There are too many.
    #[error("There may be {FILTERS_AT_MOST} filters; remove some")]
    TooMany,
    /// Something else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Service {
    /// All filters, in the order in which they were made.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn finding_filters(&self) -> Result<Vec<FindingFilter>, ServiceError> {
        Ok(self.setting(FILTERS).await?.unwrap_or_default())
    }

    /// Changes the filters, all in one transaction.
    async fn change_filters<T>(
        &self,
        caller: &Caller,
        api: &str,
        change: impl FnOnce(&mut Vec<FindingFilter>) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        self.change_setting(caller, api, FILTERS, "filters", change).await
    }

    /// Makes a filter, whose id and times are given here.
    ///
    /// # Errors
    /// [`FilterError`]
    pub async fn create_filter(
        &self,
        caller: &Caller,
        filter: FindingFilter,
    ) -> Result<FindingFilter, FilterError> {
        let id = uuid()?.replace('-', "").chars().take(16).collect();
        let filter = FindingFilter { id, created_at: now(), updated_at: now(), ..filter };
        self.change_filters(caller, "inspector2:CreateFilter", |filters| {
            if filters.iter().any(|other| other.name == filter.name) {
                return Err(FilterError::Exists(filter.name.clone()));
            }
            if filters.len() >= FILTERS_AT_MOST {
                return Err(FilterError::TooMany);
            }
            filters.push(filter.clone());
            Ok(filter)
        })
        .await
    }

    /// Changes a filter.
    ///
    /// # Errors
    /// [`FilterError`]
    pub async fn update_filter(
        &self,
        caller: &Caller,
        id: &str,
        change: FilterChange,
    ) -> Result<(), FilterError> {
        self.change_filters(caller, "inspector2:UpdateFilter", |filters| {
            let taken = change
                .name
                .as_ref()
                .filter(|name| filters.iter().any(|other| other.id != id && other.name == **name));
            if let Some(name) = taken {
                return Err(FilterError::Exists(name.clone()));
            }
            let filter = find(filters, id)?;
            let FilterChange { name, action, criteria, description, reason } = change;
            filter.name = name.unwrap_or_else(|| filter.name.clone());
            filter.action = action.unwrap_or(filter.action);
            filter.criteria = criteria.unwrap_or_else(|| filter.criteria.clone());
            filter.description = description.or_else(|| filter.description.clone());
            filter.reason = reason.or_else(|| filter.reason.clone());
            filter.updated_at = now();
            Ok(())
        })
        .await
    }

    /// Removes a filter.
    ///
    /// # Errors
    /// [`FilterError`]
    pub async fn delete_filter(&self, caller: &Caller, id: &str) -> Result<(), FilterError> {
        self.change_filters(caller, "inspector2:DeleteFilter", |filters| {
            find(filters, id)?;
            filters.retain(|filter| filter.id != id);
            Ok(())
        })
        .await
    }

    /// Changes the tags of a filter.
    ///
    /// # Errors
    /// [`FilterError`]
    pub async fn tag_filter(
        &self,
        caller: &Caller,
        api: &str,
        id: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), FilterError> {
        self.change_filters(caller, api, |filters| {
            change(&mut find(filters, id)?.tags);
            Ok(())
        })
        .await
    }
}

fn find<'f>(filters: &'f mut [FindingFilter], id: &str) -> Result<&'f mut FindingFilter, FilterError> {
    filters.iter_mut().find(|filter| filter.id == id).ok_or_else(|| FilterError::Unknown(id.to_owned()))
}
