//! Settings that ECR calls the account's, and whose pulls do not count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pratique_store::{Session, StoreError};

use crate::{Caller, Service, ServiceError, Thing, invalid::InvalidParameter};

const SETTINGS: &str = "account-settings";
const EXCLUSIONS: &str = "pull-time-exclusions";
/// Most principals whose pulls do not count, as ECR's list has room for.
const MOST_EXCLUSIONS: usize = 100;

/// A setting that the account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountSetting {
    /// Which scanner basic scanning uses.
    BasicScanTypeVersion,
    /// Which actions the registry's policy is about: `V1` those of replication and caches, `V2` all.
    RegistryPolicyScope,
    /// Whether blobs may be mounted from another repository.
    BlobMounting,
}

impl AccountSetting {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BasicScanTypeVersion, Self::RegistryPolicyScope, Self::BlobMounting];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::BasicScanTypeVersion => "BASIC_SCAN_TYPE_VERSION",
            Self::RegistryPolicyScope => "REGISTRY_POLICY_SCOPE",
            Self::BlobMounting => "BLOB_MOUNTING",
        }
    }

    /// The values that it can have, first the one that it has by itself.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::BasicScanTypeVersion => &["AWS_NATIVE"],
            Self::RegistryPolicyScope => &["V2", "V1"],
            Self::BlobMounting => &["ENABLED", "DISABLED"],
        }
    }

    /// The setting of that name.
    ///
    /// # Errors
    /// [`InvalidParameter`] if there is none.
    pub fn named(name: &str) -> Result<Self, InvalidParameter> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|setting| setting.name() == name)
            .ok_or_else(|| InvalidParameter::new("name", format!("must be one of [{}]", names())))
    }

    fn checked(self, value: &str) -> Result<&'static str, InvalidParameter> {
        let known = self.values().iter().find(|known| **known == value);
        let constraint = || format!("must be one of [{}] for {}", self.values().join(", "), self.name());
        known.copied().ok_or_else(|| InvalidParameter::new("value", constraint()))
    }
}

/// The value of a setting.
pub(crate) async fn value(
    session: &mut Session,
    setting: AccountSetting,
) -> Result<&'static str, StoreError> {
    let set: BTreeMap<String, String> = session.setting(SETTINGS).await?.unwrap_or_default();
    let known = set.get(setting.name()).and_then(|value| setting.checked(value).ok());
    Ok(known.or_else(|| setting.values().first().copied()).unwrap_or_default())
}

impl Service {
    /// The value of a setting.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn account_setting(
        &self,
        caller: &Caller,
        setting: AccountSetting,
    ) -> Result<&'static str, ServiceError> {
        Self::allow_reading(caller)?;
        Ok(value(&mut self.store().read().await?, setting).await?)
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// [`ServiceError::Parameter`] for a value that it cannot have.
    pub async fn put_account_setting(
        &self,
        caller: &Caller,
        setting: AccountSetting,
        value: &str,
    ) -> Result<(), ServiceError> {
        let value = setting.checked(value)?;
        let change = |set: &mut BTreeMap<String, String>| {
            set.insert(setting.name().to_owned(), value.to_owned());
            Ok(())
        };
        self.change_setting(caller, "ecr:PutAccountSetting", SETTINGS, setting.name(), change).await
    }

    /// Lets the pulls of a user or role not count as use of images, from now on.
    ///
    /// # Errors
    /// [`ServiceError::Exists`] if they do not count already.
    pub async fn add_pull_time_exclusion(
        &self,
        caller: &Caller,
        principal: &str,
    ) -> Result<Timestamp, ServiceError> {
        let change = |set: &mut BTreeSet<String>| {
            if set.len() >= MOST_EXCLUSIONS {
                return Err(ServiceError::Limit(format!(
                    "there are {MOST_EXCLUSIONS} pull time update exclusions, and there may be no more"
                )));
            }
            if !set.insert(principal.to_owned()) {
                return Err(ServiceError::Exists { thing: Thing::PullTimeExclusion, of: principal.into() });
            }
            Ok(Timestamp::now())
        };
        self.change_setting(caller, "ecr:RegisterPullTimeUpdateExclusion", EXCLUSIONS, principal, change)
            .await
    }

    /// Lets them count again.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if they count.
    pub async fn remove_pull_time_exclusion(
        &self,
        caller: &Caller,
        principal: &str,
    ) -> Result<(), ServiceError> {
        let change = |set: &mut BTreeSet<String>| {
            let missing = || ServiceError::Missing { thing: Thing::PullTimeExclusion, of: principal.into() };
            if set.remove(principal) { Ok(()) } else { Err(missing()) }
        };
        self.change_setting(caller, "ecr:DeregisterPullTimeUpdateExclusion", EXCLUSIONS, principal, change)
            .await
    }

    /// Whose pulls do not count, in order.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn pull_time_exclusions(&self, caller: &Caller) -> Result<BTreeSet<String>, ServiceError> {
        Self::allow_reading(caller)?;
        Ok(self.setting(EXCLUSIONS).await?.unwrap_or_default())
    }

    /// Whether the pulls of a caller count as use of images.
    pub(crate) async fn pull_counts(&self, caller: &Caller) -> Result<bool, ServiceError> {
        let excluded: BTreeSet<String> = self.setting(EXCLUSIONS).await?.unwrap_or_default();
        Ok(!excluded.contains(&self.arn_of(caller)))
    }
}
