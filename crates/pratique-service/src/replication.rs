//! Replication: which repositories are to be copied to which registries. Kept and checked here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Caller, Service, ServiceError, images::ImageName, invalid::InvalidParameter};

const REPLICATION: &str = "replication";
/// Most rules, and most destinations of all rules together (service quotas of ECR).
const RULES: usize = 10;
const DESTINATIONS: usize = 25;

/// What is copied where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replication {
    /// The rules; none copies nothing.
    pub rules: Vec<ReplicationRule>,
}

/// Copies some repositories to some registries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationRule {
    /// Where to.
    pub destinations: Vec<Destination>,
    /// Which: those that one of these fits. Without any all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_filters: Option<Vec<PrefixFilter>>,
    /// Whether what is deleted here is deleted there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_replication: Option<DeleteReplication>,
}

/// Another registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Its region.
    pub region: String,
    /// Its account.
    pub registry_id: String,
}

/// Names repositories by how they begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixFilter {
    /// The beginning.
    pub filter: String,
    /// `PREFIX_MATCH`, the only type there is.
    pub filter_type: String,
}

/// Whether what is deleted here is deleted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteReplication {
    /// Whether.
    pub enabled: bool,
}

impl Replication {
    /// Checks rules that are to hold in the registry of that account and region.
    fn check(&self, account: &str, region: &str) -> Result<(), InvalidParameter> {
        let invalid =
            |constraint: String| Err(InvalidParameter::new("replicationConfiguration.rules", constraint));
        if self.rules.len() > RULES {
            return invalid(format!("must have length less than or equal to {RULES}"));
        }
        let mut all = BTreeSet::new();
        for rule in &self.rules {
            if rule.destinations.is_empty() {
                return invalid("each rule must have a destination".into());
            }
            for destination in &rule.destinations {
                if destination.region == region && destination.registry_id == account {
                    return invalid("a destination must not be the registry itself".into());
                }
                all.insert(destination);
            }
            let mut own = BTreeSet::new();
            if !rule.destinations.iter().all(|destination| own.insert(destination)) {
                return invalid("a rule must name each destination once".into());
            }
        }
        if all.len() > DESTINATIONS {
            return invalid(format!("must have at most {DESTINATIONS} destinations in all"));
        }
        Ok(())
    }
}

impl Service {
    /// What is to be copied where.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn replication(&self, caller: &Caller) -> Result<Replication, ServiceError> {
        Self::allow_reading(caller)?;
        Ok(self.setting(REPLICATION).await?.unwrap_or_default())
    }

    /// Says what is to be copied where.
    ///
    /// # Errors
    /// [`ServiceError::Parameter`] for rules that make no sense.
    pub async fn put_replication(
        &self,
        caller: &Caller,
        replication: &Replication,
    ) -> Result<(), ServiceError> {
        replication.check(&self.options().account, &self.options().region)?;
        self.put_setting(caller, "ecr:PutReplicationConfiguration", REPLICATION, replication).await
    }

    /// The name of an image that is there, whose copies are asked for. There are none yet.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`] if it is not there.
    pub async fn copies_of(
        &self,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
    ) -> Result<(), ServiceError> {
        self.image_in(&mut self.store().read().await?, caller, repository, name).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(registries: &[(&str, &str)]) -> Replication {
        let destinations = registries
            .iter()
            .map(|(registry_id, region)| Destination {
                region: (*region).into(),
                registry_id: (*registry_id).into(),
            })
            .collect();
        let rule = ReplicationRule { destinations, repository_filters: None, delete_replication: None };
        Replication { rules: vec![rule] }
    }

    #[test]
    fn copies_go_elsewhere() {
        let check = |replication: &Replication| replication.check("111111111111", "eu-central-1");
        check(&Replication::default()).unwrap();
        check(&to(&[("111111111111", "eu-west-1"), ("222222222222", "eu-central-1")])).unwrap();
        for wrong in [
            to(&[]),
            to(&[("111111111111", "eu-central-1")]),
            to(&[("222222222222", "eu-west-1"), ("222222222222", "eu-west-1")]),
        ] {
            check(&wrong).unwrap_err();
        }
        let many: Vec<String> = (0..26).map(|n| format!("region-{n}")).collect();
        let many: Vec<_> = many.iter().map(|region| ("222222222222", &region[..])).collect();
        check(&to(&many)).unwrap_err();
    }
}
