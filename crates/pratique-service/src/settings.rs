//! Settings of the registry as a whole.

use pratique_policy::{Limits, RiskPolicy};
use pratique_store::credential::Action;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Caller, Service, ServiceError,
    gate::GateRule,
    repositories::Repository,
    scanning::{RegistryScanning, RepositoryScanning, ScanType},
};

const SCANNING: &str = "registry-scanning";
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

    /// Changes a setting that has many things in it, in one transaction: only who may do everything may.
    pub(crate) async fn change_setting<T: Default + Serialize + DeserializeOwned, R>(
        &self,
        caller: &Caller,
        api: &str,
        name: &str,
        detail: &str,
        change: impl FnOnce(&mut T) -> Result<R, ServiceError>,
    ) -> Result<R, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let mut session = self.store().write().await?;
        let mut value: T = session.setting(name).await?.unwrap_or_default();
        let answer = change(&mut value)?;
        session.put_setting(name, &value).await?;
        let detail = serde_json::json!({ "name": detail }).to_string();
        let arn = self.repository_arn("*");
        session.audit(&self.entry(caller, api, &arn, "allowed", &detail)).await?;
        session.commit().await?;
        Ok(answer)
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
        session.audit(&self.entry(caller, api, &arn, "allowed", &detail)).await?;
        Ok(session.commit().await?)
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
