//! Lists: what there is (end-1, end-8, end-12, the catalog).

use axum::{
    Json,
    body::Body,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pratique_image::media_type;
use pratique_service::{ServiceError, manifests::parse_digest};
use pratique_store::manifest::Manifest;
use serde_json::{Value, json};

use crate::{Context, answer, error::Failure};

/// Most things of one answer.
const PAGE: usize = 1000;

fn only_get(context: &Context) -> Result<(), Failure> {
    if matches!(context.method, Method::GET | Method::HEAD) { Ok(()) } else { Err(Failure::no_method()) }
}

/// Whether this is a registry, and who asks may come in.
pub(crate) fn base(context: &Context) -> Result<Response, Failure> {
    only_get(context)?;
    if context.caller.is_anonymous() {
        return Err(ServiceError::Unauthenticated("log in first").into());
    }
    Ok(Json(json!({})).into_response())
}

pub(crate) async fn tags(context: &Context, name: &str) -> Result<Response, Failure> {
    only_get(context)?;
    let Context { service, caller, query, .. } = context;
    let limit = query.limit(PAGE)?;
    let after = query.get("last").unwrap_or_default();
    // One more tells whether there is more.
    let mut tags = service.tags(caller, name, after, limit + 1).await?;
    let more = tags.len() > limit;
    tags.truncate(limit);
    let next = tags.last().filter(|_| more).cloned();
    let list = Json(json!({ "name": name, "tags": tags })).into_response();
    Ok(with_next(list, &format!("/v2/{name}/tags/list"), next.as_deref(), limit))
}

pub(crate) async fn catalog(context: &Context) -> Result<Response, Failure> {
    only_get(context)?;
    let Context { service, caller, query, .. } = context;
    let limit = query.limit(PAGE)?;
    let after = query.get("last").unwrap_or_default();
    let repositories = service.repositories(caller, after, limit + 1).await?;
    let more = repositories.len() > limit;
    let mut names: Vec<_> = repositories.into_iter().map(|repository| repository.name).collect();
    names.truncate(limit);
    let next = names.last().filter(|_| more).cloned();
    let list = Json(json!({ "repositories": names })).into_response();
    Ok(with_next(list, "/v2/_catalog", next.as_deref(), limit))
}

/// Says where the list goes on (RFC 8288).
fn with_next(mut list: Response, path: &str, next: Option<&str>, limit: usize) -> Response {
    if let Some(last) = next {
        let last = utf8_percent_encode(last, NON_ALPHANUMERIC);
        let link = format!("<{path}?n={limit}&last={last}>; rel=\"next\"");
        list.headers_mut().insert(header::LINK, answer::value(&link));
    }
    list
}

pub(crate) async fn referrers(context: &Context, name: &str, digest: &str) -> Result<Response, Failure> {
    only_get(context)?;
    let Context { service, caller, query, .. } = context;
    let subject = parse_digest(digest)?;
    let wanted = query.get("artifactType").filter(|text| !text.is_empty());
    let referrers = match service.referrers(caller, name, &subject, wanted).await {
        // Nothing refers to anything there: an answer that clients need not tell from "does not know of referrers".
        Err(ServiceError::RepositoryUnknown(_)) => Vec::new(),
        other => other?,
    };
    let mut list =
        Response::builder().status(StatusCode::OK).header(header::CONTENT_TYPE, media_type::OCI_INDEX);
    if wanted.is_some() {
        list = list.header("oci-filters-applied", "artifactType");
    }
    Ok(list.body(Body::from(index_of(&referrers))).unwrap_or_default())
}

/// An index of these manifests, as *Listing Referrers* describes it.
pub(crate) fn index_of(referrers: &[Manifest]) -> Vec<u8> {
    let describe = |manifest: &Manifest| {
        let mut descriptor = json!({
            "mediaType": manifest.media_type,
            "digest": manifest.digest,
            "size": manifest.content.len(),
        });
        if let Some(fields) = descriptor.as_object_mut() {
            if let Some(kind) = &manifest.artifact_type {
                fields.insert("artifactType".into(), kind.as_str().into());
            }
            if !manifest.annotations.is_empty() {
                fields.insert("annotations".into(), json!(manifest.annotations));
            }
        }
        descriptor
    };
    let manifests: Vec<Value> = referrers.iter().map(describe).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests });
    index.to_string().into_bytes()
}
