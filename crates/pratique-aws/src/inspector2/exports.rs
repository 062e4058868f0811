//! SBOMs of many images at once.

use pratique_service::{
    Service as Deployment,
    exports::{Destination, ExportStatus, SbomForm},
    findings::criteria::Criteria,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusal::{told, unknown};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateSbomExportRequest {
    resource_filter_criteria: Option<Criteria>,
    report_format: SbomForm,
    s3_destination: Destination,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    report_id: String,
}

pub(super) async fn create_sbom_export(
    context: &Context<Deployment>,
    input: CreateSbomExportRequest,
) -> Result<Report, ApiError> {
    let person = person(context).await?;
    let criteria = input.resource_filter_criteria.unwrap_or_default();
    let made = context.state.export_sboms(&person, input.report_format, input.s3_destination, criteria).await;
    Ok(Report { report_id: made.map_err(told)? })
}

pub(super) async fn get_sbom_export(context: &Context<Deployment>, input: Report) -> Result<Value, ApiError> {
    let person = person(context).await?;
    let found = context.state.sbom_export(&person, &input.report_id).await.map_err(told)?;
    let export = found.ok_or_else(|| unknown(format!("There is no report {}", input.report_id)))?;
    let mut answer = json!({
        "reportId": export.id,
        "format": export.form,
        "status": export.status,
        "s3Destination": export.destination,
        "filterCriteria": export.criteria,
    });
    if export.status == ExportStatus::Failed {
        answer["errorCode"] = "INTERNAL_ERROR".into();
        answer["errorMessage"] = export.error.unwrap_or_else(|| "it could not be made".into()).into();
    }
    Ok(answer)
}

pub(super) async fn cancel_sbom_export(
    context: &Context<Deployment>,
    input: Report,
) -> Result<Report, ApiError> {
    let person = person(context).await?;
    if context.state.cancel_export(&person, &input.report_id).await.map_err(told)? {
        return Ok(input);
    }
    Err(unknown(format!("There is no report {} that is being made", input.report_id)))
}
