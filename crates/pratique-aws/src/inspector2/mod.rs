//! Amazon Inspector, as far as container images go.
//!
//! Inspector's ECR half has no state of its own here: it is *enabled* while the registry is scanned ENHANCED, its findings are
//! the deployment's, and who may pull from a repository may see what is wrong with the images in it. Filters and
//! configuration are for those who may do everything.

mod account;
mod aggregations;
mod coverage;
mod exports;
mod filters;
mod findings;
mod refusal;
mod tags;
mod vulnerabilities;

use pratique_service::Service as Deployment;

use crate::Operations;

/// The operations of the service.
pub(crate) fn operations() -> Operations<Deployment> {
    const NAME: &str = "inspector2";
    Operations::new()
        .add(NAME, "BatchGetAccountStatus", account::batch_get_account_status)
        .add(NAME, "BatchGetFindingDetails", findings::batch_get_finding_details)
        .add(NAME, "CancelSbomExport", exports::cancel_sbom_export)
        .add(NAME, "CreateFilter", filters::create_filter)
        .add(NAME, "CreateSbomExport", exports::create_sbom_export)
        .add(NAME, "DeleteFilter", filters::delete_filter)
        .add(NAME, "Disable", account::disable)
        .add(NAME, "Enable", account::enable)
        .add(NAME, "GetConfiguration", account::get_configuration)
        .add(NAME, "GetSbomExport", exports::get_sbom_export)
        .add(NAME, "ListCoverage", coverage::list_coverage)
        .add(NAME, "ListCoverageStatistics", coverage::list_coverage_statistics)
        .add(NAME, "ListFilters", filters::list_filters)
        .add(NAME, "ListFindingAggregations", aggregations::list_finding_aggregations)
        .add(NAME, "ListFindings", findings::list_findings)
        .add(NAME, "ListTagsForResource", tags::list_tags_for_resource)
        .add(NAME, "SearchVulnerabilities", vulnerabilities::search_vulnerabilities)
        .add(NAME, "TagResource", tags::tag_resource)
        .add(NAME, "UntagResource", tags::untag_resource)
        .add(NAME, "UpdateConfiguration", account::update_configuration)
        .add(NAME, "UpdateFilter", filters::update_filter)
}

/// A time as operations write it: the protocol makes of it what it has.
fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap_or_default().to_string()
}
