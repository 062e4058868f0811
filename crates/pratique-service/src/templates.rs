//! Templates for repositories that make themselves: by a push, a copy or a pull of another registry's image.
//!
//! A template is for the names below its prefix; the longest prefix counts, and the template `ROOT` is for all others. It
//! holds when the repository is made and not afterwards.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Service, ServiceError, Thing,
    access::{Policy, PolicyKind},
    immutability::TagMutability,
    lifecycle::LifecyclePolicy,
    repositories::Settings,
    repository_tags,
};

const TEMPLATES: &str = "repository-templates";
/// The prefix of the template that is for all that no other is for.
pub const ROOT: &str = "ROOT";
const MOST: usize = 1000;

/// How repositories are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Of which names.
    pub prefix: String,
    /// What it is for, in words.
    pub description: Option<String>,
    /// By what.
    pub applied_for: Vec<AppliedFor>,
    /// Which of their tags may move.
    pub mutability: TagMutability,
    /// How their blobs are encrypted: `AES256`, `KMS`.
    pub encryption_type: Option<String>,
    /// The key of `KMS`.
    pub kms_key: Option<String>,
    /// Who may do what.
    pub repository_policy: Option<String>,
    /// Which images go.
    pub lifecycle_policy: Option<String>,
    /// Tags.
    pub resource_tags: BTreeMap<String, String>,
    /// The role that makes them.
    pub custom_role_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What makes a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppliedFor {
    /// A copy from another registry.
    Replication,
    /// A pull of another registry's image.
    PullThroughCache,
    /// A push.
    CreateOnPush,
}

impl Template {
    /// A template that says nothing beyond the defaults.
    pub fn new(prefix: impl Into<String>, applied_for: Vec<AppliedFor>) -> Self {
        let time = Timestamp::now();
        Self {
            prefix: prefix.into(),
            description: None,
            applied_for,
            mutability: TagMutability::default(),
            encryption_type: None,
            kms_key: None,
            repository_policy: None,
            lifecycle_policy: None,
            resource_tags: BTreeMap::new(),
            custom_role_arn: None,
            created_at: time,
            updated_at: time,
        }
    }

    /// The settings of what is made.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            mutability: self.mutability.clone(),
            encryption_type: self.encryption_type.clone(),
            kms_key: self.kms_key.clone(),
            ..Settings::default()
        }
    }

    fn check(&self) -> Result<(), ServiceError> {
        if let Some(text) = self.repository_policy.as_deref().filter(|text| !text.is_empty()) {
            Policy::parse(text, PolicyKind::Repository)?;
        }
        if let Some(text) = self.lifecycle_policy.as_deref().filter(|text| !text.is_empty()) {
            LifecyclePolicy::parse(text)?;
        }
        repository_tags::check(&self.resource_tags)
    }

    /// Whether a repository of that name is below the prefix, where a trailing `/` need not be written.
    fn fits(&self, name: &str) -> bool {
        let prefix = self.prefix.trim_end_matches('/');
        self.prefix == ROOT || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
    }
}

type Templates = BTreeMap<String, Template>;

fn missing(prefix: &str) -> ServiceError {
    ServiceError::Missing { thing: Thing::Template, of: prefix.into() }
}

/// Which of these templates makes a repository of that name.
fn chosen(templates: Templates, name: &str, made_by: AppliedFor) -> Option<Template> {
    let fitting = templates.into_values().filter(|template| template.fits(name));
    let fitting = fitting.filter(|template| template.applied_for.contains(&made_by));
    fitting.max_by_key(|template| if template.prefix == ROOT { 0 } else { template.prefix.len() })
}

impl Service {
    /// Keeps a new template.
    ///
    /// # Errors
    /// [`ServiceError::Exists`] if there is one of its prefix.
    pub async fn create_template(
        &self,
        caller: &Caller,
        template: Template,
    ) -> Result<Template, ServiceError> {
        template.check()?;
        let prefix = template.prefix.clone();
        let change = |templates: &mut Templates| {
            if templates.contains_key(&template.prefix) {
                return Err(ServiceError::Exists { thing: Thing::Template, of: template.prefix.clone() });
            }
            if templates.len() >= MOST {
                return Err(ServiceError::Limit(format!(
                    "there are {MOST} templates, and there may be no more"
                )));
            }
            templates.insert(template.prefix.clone(), template.clone());
            Ok(template)
        };
        self.change_setting(caller, "ecr:CreateRepositoryCreationTemplate", TEMPLATES, &prefix, change).await
    }

    /// Changes a template.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if there is none, and what `change` says.
    pub async fn update_template(
        &self,
        caller: &Caller,
        prefix: &str,
        change: impl FnOnce(&mut Template) -> Result<(), ServiceError>,
    ) -> Result<Template, ServiceError> {
        let change = |templates: &mut Templates| {
            let template = templates.get_mut(prefix).ok_or_else(|| missing(prefix))?;
            change(template)?;
            template.check()?;
            template.updated_at = Timestamp::now();
            Ok(template.clone())
        };
        self.change_setting(caller, "ecr:UpdateRepositoryCreationTemplate", TEMPLATES, prefix, change).await
    }

    /// Removes a template, and says what it was.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if there is none.
    pub async fn delete_template(&self, caller: &Caller, prefix: &str) -> Result<Template, ServiceError> {
        let change = |templates: &mut Templates| templates.remove(prefix).ok_or_else(|| missing(prefix));
        self.change_setting(caller, "ecr:DeleteRepositoryCreationTemplate", TEMPLATES, prefix, change).await
    }

    /// The templates of these prefixes that there are, or all, in the order of their prefixes.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] for a prefix that has none.
    pub async fn templates(
        &self,
        caller: &Caller,
        prefixes: &[String],
    ) -> Result<Vec<Template>, ServiceError> {
        Self::allow_reading(caller)?;
        let mut templates: Templates = self.setting(TEMPLATES).await?.unwrap_or_default();
        if !prefixes.is_empty() {
            templates.retain(|prefix, _| prefixes.contains(prefix));
        }
        Ok(templates.into_values().collect())
    }

    /// How a repository of that name is made, if a template says so.
    pub(crate) async fn template_for(
        &self,
        name: &str,
        made_by: AppliedFor,
    ) -> Result<Option<Template>, ServiceError> {
        let templates: Templates = self.setting(TEMPLATES).await?.unwrap_or_default();
        Ok(chosen(templates, name, made_by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let prefixes = [ROOT, "team", "team/app/"];
        let templates: Templates = prefixes
            .iter()
            .map(|prefix| ((*prefix).into(), Template::new(*prefix, vec![AppliedFor::CreateOnPush])))
            .collect();
        for (name, prefix) in
            [("team/app/x", "team/app/"), ("team/app", "team"), ("teams/x", ROOT), ("x", ROOT)]
        {
            let found = chosen(templates.clone(), name, AppliedFor::CreateOnPush);
            assert_eq!(found.unwrap().prefix, prefix, "{name}");
        }
        assert!(chosen(templates, "team/x", AppliedFor::Replication).is_none());
    }
}
