//! Pull-through cache rules: which images of other registries are had through this one. Kept and checked here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Caller, Service, ServiceError, Thing, invalid::InvalidParameter};

const RULES: &str = "pull-through-rules";
/// Most rules (service quotas of ECR).
const MOST: usize = 50;

/// Below which prefix which registry is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullThroughRule {
    /// The beginning of the names of repositories here; `ROOT` for all that no other rule names.
    pub ecr_repository_prefix: String,
    /// The host of the other registry.
    pub upstream_registry_url: String,
    /// What kind it is.
    pub upstream_registry: Upstream,
    /// The secret with its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_arn: Option<String>,
    /// The role to ask with, where the other registry is ECR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_role_arn: Option<String>,
    /// The beginning of the names of repositories there; `ROOT` for none.
    pub upstream_repository_prefix: String,
    /// When the rule was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A kind of registry that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "they are called what they are")]
pub enum Upstream {
    Ecr,
    EcrPublic,
    Quay,
    K8s,
    DockerHub,
    GithubContainerRegistry,
    AzureContainerRegistry,
    GitlabContainerRegistry,
    Chainguard,
}

impl Upstream {
    /// The kind of the registry on that host.
    pub fn of_host(host: &str) -> Option<Self> {
        Some(match host {
            "public.ecr.aws" => Self::EcrPublic,
            "quay.io" => Self::Quay,
            "registry.k8s.io" => Self::K8s,
            "registry-1.docker.io" => Self::DockerHub,
            "ghcr.io" => Self::GithubContainerRegistry,
            "registry.gitlab.com" => Self::GitlabContainerRegistry,
            "cgr.dev" => Self::Chainguard,
            _ if host.ends_with(".azurecr.io") => Self::AzureContainerRegistry,
            _ if host.contains(".dkr.ecr.") && host.contains(".amazonaws.com") => Self::Ecr,
            _ => return None,
        })
    }
}

type Rules = BTreeMap<String, PullThroughRule>;

fn missing(prefix: &str) -> ServiceError {
    ServiceError::Missing { thing: Thing::PullThroughRule, of: prefix.into() }
}

/// What a rule is made of.
#[derive(Debug, Clone)]
pub struct NewPullThroughRule {
    /// The beginning of names here.
    pub prefix: String,
    /// The other registry, with or without `https://`.
    pub url: String,
    /// Its kind, if it was said.
    pub upstream: Option<Upstream>,
    /// The secret with its credentials.
    pub credential_arn: Option<String>,
    /// The role to ask with.
    pub custom_role_arn: Option<String>,
    /// The beginning of names there.
    pub upstream_prefix: Option<String>,
}

impl Service {
    /// Makes a rule.
    ///
    /// # Errors
    /// [`ServiceError::Exists`] if there is one of that prefix; [`ServiceError::Parameter`] for a registry of no kind that
    /// is known.
    pub async fn create_pull_through_rule(
        &self,
        caller: &Caller,
        new: NewPullThroughRule,
    ) -> Result<PullThroughRule, ServiceError> {
        let host = new.url.strip_prefix("https://").unwrap_or(&new.url).trim_end_matches('/').to_owned();
        let known = Upstream::of_host(&host);
        let upstream = match (known, new.upstream) {
            (Some(known), None) => known,
            (Some(known), Some(said)) if known == said => known,
            _ => {
                let constraint = "must be the host of a registry that is supported, of the kind that upstreamRegistry says";
                return Err(InvalidParameter::new("upstreamRegistryUrl", constraint).into());
            }
        };
        let time = Timestamp::now();
        let rule = PullThroughRule {
            ecr_repository_prefix: new.prefix,
            upstream_registry_url: host,
            upstream_registry: upstream,
            credential_arn: new.credential_arn,
            custom_role_arn: new.custom_role_arn,
            upstream_repository_prefix: new.upstream_prefix.unwrap_or_else(|| "ROOT".into()),
            created_at: time,
            updated_at: time,
        };
        let prefix = rule.ecr_repository_prefix.clone();
        let change = |rules: &mut Rules| {
            if rules.contains_key(&rule.ecr_repository_prefix) {
                let of = rule.ecr_repository_prefix.clone();
                return Err(ServiceError::Exists { thing: Thing::PullThroughRule, of });
            }
            if rules.len() >= MOST {
                return Err(ServiceError::Limit(format!(
                    "there are {MOST} pull through cache rules, and there may be no more"
                )));
            }
            rules.insert(rule.ecr_repository_prefix.clone(), rule.clone());
            Ok(rule)
        };
        self.change_setting(caller, "ecr:CreatePullThroughCacheRule", RULES, &prefix, change).await
    }

    /// Gives a rule other credentials.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if there is none.
    pub async fn update_pull_through_rule(
        &self,
        caller: &Caller,
        prefix: &str,
        credential_arn: Option<String>,
        custom_role_arn: Option<String>,
    ) -> Result<PullThroughRule, ServiceError> {
        let change = |rules: &mut Rules| {
            let rule = rules.get_mut(prefix).ok_or_else(|| missing(prefix))?;
            rule.credential_arn = credential_arn.or(rule.credential_arn.take());
            rule.custom_role_arn = custom_role_arn.or(rule.custom_role_arn.take());
            rule.updated_at = Timestamp::now();
            Ok(rule.clone())
        };
        self.change_setting(caller, "ecr:UpdatePullThroughCacheRule", RULES, prefix, change).await
    }

    /// Removes a rule, and says what it was. Images that came by it stay.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if there is none.
    pub async fn delete_pull_through_rule(
        &self,
        caller: &Caller,
        prefix: &str,
    ) -> Result<PullThroughRule, ServiceError> {
        let change = |rules: &mut Rules| rules.remove(prefix).ok_or_else(|| missing(prefix));
        self.change_setting(caller, "ecr:DeletePullThroughCacheRule", RULES, prefix, change).await
    }

    /// The rules of these prefixes, or all, in the order of their prefixes.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] for a prefix that has none.
    pub async fn pull_through_rules(
        &self,
        caller: &Caller,
        prefixes: &[String],
    ) -> Result<Vec<PullThroughRule>, ServiceError> {
        Self::allow_reading(caller)?;
        let mut rules: Rules = self.setting(RULES).await?.unwrap_or_default();
        if prefixes.is_empty() {
            return Ok(rules.into_values().collect());
        }
        prefixes.iter().map(|prefix| rules.remove(prefix).ok_or_else(|| missing(prefix))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_known_by_their_hosts() {
        for (host, kind) in [
            ("quay.io", Some(Upstream::Quay)),
            ("my.azurecr.io", Some(Upstream::AzureContainerRegistry)),
            ("1.dkr.ecr.eu-west-1.amazonaws.com", Some(Upstream::Ecr)),
            ("quay.io.example.com", None),
            ("", None),
        ] {
            assert_eq!(Upstream::of_host(host), kind, "{host}");
        }
        assert_eq!(serde_json::to_string(&Upstream::K8s).unwrap(), "\"k8s\"");
    }
}
