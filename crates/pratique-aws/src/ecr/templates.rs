//! Templates of repositories that make themselves.

use pratique_service::{
    immutability::{ExclusionFilter, Setting},
    templates::{AppliedFor, Template},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Call, caller, failure, paging,
    shapes::{Encryption, Tag, filters, mutability, tag_list, tags_of},
};
use crate::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemplateRequest {
    prefix: String,
    description: Option<String>,
    encryption_configuration: Option<Encryption>,
    resource_tags: Option<Vec<Tag>>,
    image_tag_mutability: Option<Setting>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    applied_for: Option<Vec<AppliedFor>>,
    custom_role_arn: Option<String>,
}

impl TemplateRequest {
    /// Sets what the request says; an empty text takes away what was there.
    fn apply(self, template: &mut Template) -> Result<(), ApiError> {
        let text = |to: &mut Option<String>, said: Option<String>| {
            if let Some(said) = said {
                *to = Some(said).filter(|said| !said.is_empty());
            }
        };
        if self.image_tag_mutability.is_some() || self.image_tag_mutability_exclusion_filters.is_some() {
            let setting = self.image_tag_mutability.or(Some(template.mutability.setting()));
            template.mutability = mutability(setting, self.image_tag_mutability_exclusion_filters)?;
        }
        if let Some(encryption) = self.encryption_configuration {
            template.encryption_type = Some(encryption.encryption_type);
            template.kms_key = encryption.kms_key.filter(|key| !key.is_empty());
        }
        if self.resource_tags.is_some() {
            template.resource_tags = tags_of(self.resource_tags);
        }
        if let Some(applied_for) = self.applied_for {
            template.applied_for = applied_for;
        }
        text(&mut template.description, self.description);
        text(&mut template.repository_policy, self.repository_policy);
        text(&mut template.lifecycle_policy, self.lifecycle_policy);
        text(&mut template.custom_role_arn, self.custom_role_arn);
        Ok(())
    }
}

fn told(template: Template) -> Value {
    let encryption_type = template.encryption_type.unwrap_or_else(|| Encryption::DEFAULT.into());
    json!({
        "prefix": template.prefix,
        "description": template.description,
        "encryptionConfiguration": Encryption { encryption_type, kms_key: template.kms_key },
        "resourceTags": tag_list(template.resource_tags),
        "imageTagMutability": template.mutability.setting(),
        "imageTagMutabilityExclusionFilters": filters(&template.mutability),
        "repositoryPolicy": template.repository_policy,
        "lifecyclePolicy": template.lifecycle_policy,
        "appliedFor": template.applied_for,
        "customRoleArn": template.custom_role_arn,
        "createdAt": template.created_at,
        "updatedAt": template.updated_at,
    })
}

fn answer(call: &Call, template: Template) -> Value {
    json!({ "registryId": *call.account, "repositoryCreationTemplate": told(template) })
}

pub(super) async fn create(call: &Call, input: TemplateRequest) -> Answer {
    let caller = caller(call, None).await?;
    let mut template = Template::new(input.prefix.clone(), Vec::new());
    input.apply(&mut template)?;
    let made = call.state.create_template(&caller, template).await;
    Ok(answer(call, made.map_err(failure::of(call))?))
}

pub(super) async fn update(call: &Call, input: TemplateRequest) -> Answer {
    let caller = caller(call, None).await?;
    let prefix = input.prefix.clone();
    let change = |template: &mut Template| {
        input.apply(template).map_err(|error| pratique_service::ServiceError::Invalid(error.message().into()))
    };
    let changed = call.state.update_template(&caller, &prefix, change).await;
    Ok(answer(call, changed.map_err(failure::of(call))?))
}

#[derive(Deserialize)]
pub(super) struct DeleteRepositoryCreationTemplateRequest {
    prefix: String,
}

pub(super) async fn delete(call: &Call, input: DeleteRepositoryCreationTemplateRequest) -> Answer {
    let caller = caller(call, None).await?;
    let gone = call.state.delete_template(&caller, &input.prefix).await;
    Ok(answer(call, gone.map_err(failure::of(call))?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeRepositoryCreationTemplatesRequest {
    prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) async fn describe(call: &Call, input: DescribeRepositoryCreationTemplatesRequest) -> Answer {
    let caller = caller(call, None).await?;
    let prefixes = input.prefixes.unwrap_or_default();
    let templates = call.state.templates(&caller, &prefixes).await.map_err(failure::of(call))?;
    let (page, next) = paging::cut(templates, input.next_token.as_deref(), input.max_results)?;
    let templates: Vec<_> = page.into_iter().map(told).collect();
    Ok(json!({ "registryId": *call.account, "repositoryCreationTemplates": templates, "nextToken": next }))
}
