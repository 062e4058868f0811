//! Settings of the registry as a whole.

use pratique_policy::{Limits, RiskPolicy};
use pratique_store::{Micros, StoreError, credential::Action};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Caller, Service, ServiceError,
    gate::GateRule,
    now,
    repositories::Repository,
    scanning::{
        RegistryScanning, RepositoryScanning, ScanType,
        rescan::{PullDateMode, PushDuration, RescanSettings},
    },
};

const SCANNING: &str = "registry-scanning";
/// Filters of findings.
pub(crate) const FILTERS: &str = "finding-filters";
const RESCAN: &str = "rescan";
const RISK_POLICY: &str = "risk-policy";
const GATES: &str = "gates";

impl Service {
    pub(crate) async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ServiceError> {
        Ok(self.store().read().await?.setting(name).await?)
    }

    /// Says no to those whom nobody knows: what holds for the registry as a whole may be read by all others.
    pub(crate) fn allow_reading(caller: &Caller) -> Result<(), ServiceError> {
        if caller.is_anonymous() {
            return Err(ServiceError::Unauthenticated("log in first"));
        }
        Ok(())
    }

    /// Changes a setting: only who may do everything may.
    pub(crate) async fn put_setting<T: Serialize>(
        &self,
        caller: &Caller,
        api: &str,
        name: &str,
        value: &T,
    ) -> Result<(), ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let mut session = self.store().write().await?;
        session.put_setting(name, value).await?;
        let detail = serde_json::to_string(value).unwrap_or_default();
        let arn = self.repository_arn("*");
        session.audit(&Self::entry(caller, api, &arn, "allowed", &detail)).await?;
        Ok(session.commit().await?)
    }

    /// Changes a setting by what it is, in one transaction: only who may do everything may. `thing` is which part of it, for
    /// the audit log.
    pub(crate) async fn change_setting<T, R, E>(
        &self,
        caller: &Caller,
        api: &str,
        name: &str,
        thing: &str,
        change: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E>
    where
        T: Serialize + DeserializeOwned + Default,
        E: From<ServiceError>,
    {
        self.allow(caller, Action::Admin, "*").await?;
        let ours = |error: StoreError| E::from(ServiceError::from(error));
        let mut session = self.store().write().await.map_err(ours)?;
        let mut value: T = session.setting(name).await.map_err(ours)?.unwrap_or_default();
        let answer = change(&mut value)?;
        session.put_setting(name, &value).await.map_err(ours)?;
        let detail = serde_json::json!({ "name": thing }).to_string();
        let entry = Self::entry(caller, api, &self.repository_arn("*"), "allowed", &detail);
        session.audit(&entry).await.map_err(ours)?;
        session.commit().await.map_err(ours)?;
        Ok(answer)
    }

    /// Which repositories are scanned, and how. Until somebody says otherwise everything is, with all that is known of,
    /// for as long as it is there: ECR's ENHANCED without rules.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn registry_scanning(&self) -> Result<RegistryScanning, ServiceError> {
        if let Some(scanning) = self.setting(SCANNING).await? {
            return Ok(scanning);
        }
        RegistryScanning::new(ScanType::Enhanced, None)
            .map_err(|error| ServiceError::Invalid(error.to_string()))
    }

    /// Says which repositories are scanned, and how.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be kept.
    pub async fn put_registry_scanning(
        &self,
        caller: &Caller,
        scanning: &RegistryScanning,
    ) -> Result<(), ServiceError> {
        self.put_setting(caller, "ecr:PutRegistryScanningConfiguration", SCANNING, scanning).await
    }

    /// How long images are watched, and when that was said. Until somebody says so it is for as long as they are there.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn rescan_settings(&self) -> Result<(RescanSettings, Option<Micros>), ServiceError> {
        let kept: Option<(RescanSettings, Micros)> = self.setting(RESCAN).await?;
        let always = RescanSettings {
            rescan_duration: PushDuration::LIFETIME,
            pull_date_rescan_duration: None,
            pull_date_rescan_mode: PullDateMode::LastPullDate,
        };
        Ok(kept.map_or((always, None), |(settings, since)| (settings, Some(since))))
    }

    /// Says how long images are watched.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be kept.
    pub async fn put_rescan_settings(
        &self,
        caller: &Caller,
        settings: &RescanSettings,
    ) -> Result<(), ServiceError> {
        self.put_setting(caller, "inspector2:UpdateConfiguration", RESCAN, &(settings, now())).await
    }

    /// How a repository is scanned.
    pub(crate) async fn scanning_of(
        &self,
        repository: &Repository,
    ) -> Result<RepositoryScanning, ServiceError> {
        let scanning = self.registry_scanning().await?;
        Ok(scanning.for_repository(&repository.name, repository.settings.scan_on_push))
    }

    /// The rules by which images are judged.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn risk_policy(&self) -> Result<RiskPolicy, ServiceError> {
        Ok(self.setting(RISK_POLICY).await?.unwrap_or_default())
    }

    /// Sets the rules by which images are judged from now on.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for rules that make no sense.
    pub async fn put_risk_policy(&self, caller: &Caller, policy: &RiskPolicy) -> Result<(), ServiceError> {
        policy.check(&Limits::DEFAULT).map_err(|error| ServiceError::Invalid(error.to_string()))?;
        self.put_setting(caller, "pratique:PutRiskPolicy", RISK_POLICY, policy).await
    }

    /// The gates of repositories that have none of their own.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn gate_rules(&self) -> Result<Vec<GateRule>, ServiceError> {
        Ok(self.setting(GATES).await?.unwrap_or_default())
    }

    /// Sets the gates of repositories that have none of their own.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for more rules than anybody needs.
    pub async fn put_gate_rules(&self, caller: &Caller, rules: &[GateRule]) -> Result<(), ServiceError> {
        const RULES: usize = 1000;
        if rules.len() > RULES {
            return Err(ServiceError::Invalid(format!("there may be {RULES} gates")));
        }
        self.put_setting(caller, "pratique:PutGates", GATES, &rules).await
    }
}
