//! What happened, and what runs where, for whoever may know everything.

use std::collections::BTreeMap;

use pratique_image::Digest;
use pratique_store::{Micros, audit::Audited, credential::Action, event::StoredEvent};

use crate::{Caller, Service, ServiceError, now};

/// Longest name of a place, in bytes.
const PLACE: usize = 200;

impl Service {
    /// Says no unless `caller` may do everything.
    ///
    /// # Errors
    /// [`ServiceError::Denied`]
    pub async fn check_admin(&self, caller: &Caller) -> Result<(), ServiceError> {
        self.allow(caller, Action::Admin, "*").await
    }

    /// Events in their order, from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError::Denied`]
    pub async fn events(
        &self,
        caller: &Caller,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, ServiceError> {
        self.check_admin(caller).await?;
        Ok(self.store().read().await?.events(after, limit as i64).await?)
    }

    /// The audit log in its order, from the first entry behind `after`.
    ///
    /// # Errors
    /// [`ServiceError::Denied`]
    pub async fn audit_entries(
        &self,
        caller: &Caller,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Audited>, ServiceError> {
        self.check_admin(caller).await?;
        Ok(self.store().read().await?.audit_log(after, limit as i64).await?)
    }

    /// Which images run where, each with when it was last seen there.
    ///
    /// # Errors
    /// [`ServiceError::Denied`]
    pub async fn deployments(
        &self,
        caller: &Caller,
    ) -> Result<BTreeMap<Digest, BTreeMap<String, Micros>>, ServiceError> {
        self.check_admin(caller).await?;
        Ok(self.store().read().await?.deployments().await?)
    }

    /// Notes that an image runs at a place: it is told first of new findings.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a place without a name.
    pub async fn deploy(&self, caller: &Caller, digest: &Digest, place: &str) -> Result<(), ServiceError> {
        self.check_admin(caller).await?;
        if place.is_empty() || place.len() > PLACE {
            return Err(ServiceError::Invalid(format!("a place has a name of 1 to {PLACE} bytes")));
        }
        let mut session = self.store().write().await?;
        session.put_deployment(digest, place, now()).await?;
        let detail = serde_json::json!({ "place": place }).to_string();
        let entry = Self::entry(caller, "pratique:Deploy", &digest.to_string(), "allowed", &detail);
        session.audit(&entry).await?;
        Ok(session.commit().await?)
    }

    /// Notes that an image does not run at a place any more.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] if nobody knew that it did.
    pub async fn undeploy(&self, caller: &Caller, digest: &Digest, place: &str) -> Result<(), ServiceError> {
        self.check_admin(caller).await?;
        let mut session = self.store().write().await?;
        if !session.delete_deployment(digest, place).await? {
            return Err(ServiceError::Invalid(format!("{digest} is not known to run at {place}")));
        }
        let detail = serde_json::json!({ "place": place }).to_string();
        let entry = Self::entry(caller, "pratique:Undeploy", &digest.to_string(), "allowed", &detail);
        session.audit(&entry).await?;
        Ok(session.commit().await?)
    }
}
