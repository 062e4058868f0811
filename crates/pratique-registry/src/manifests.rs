//! Manifests: end-3, end-7 and end-9.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
    response::Response,
};
use pratique_image::{Digest, media_type};
use pratique_service::{
    ServiceError,
    manifests::{MANIFEST_BYTES, Reference},
};

use crate::{Context, answer, body, error::Failure, lists};

/// Tags that one push by digest may name.
const TAGS: usize = 100;

pub(crate) async fn handle(
    context: &Context,
    name: &str,
    reference: &str,
    body: Body,
) -> Result<Response, Failure> {
    let Context { service, caller, method, headers, query } = context;
    match *method {
        Method::GET | Method::HEAD => get(context, name, reference).await,
        Method::PUT => {
            let reference = Reference::parse(reference)?;
            let content = body::whole(body, MANIFEST_BYTES).await?;
            let media_type = answer::header(headers, "content-type");
            let tags = query.all("tag");
            if tags.len() > TAGS {
                return Err(Failure::new(
                    StatusCode::URI_TOO_LONG,
                    "TAG_INVALID",
                    format!("a push may name {TAGS} tags"),
                ));
            }
            let pushed = service.put_manifest(caller, name, &reference, &tags, media_type, content).await?;
            let digest = pushed.digest.to_string();
            let mut created = Response::builder()
                .status(StatusCode::CREATED)
                .header(header::LOCATION, format!("/v2/{name}/manifests/{digest}"))
                .header("docker-content-digest", &digest)
                .header(header::CONTENT_LENGTH, 0);
            if matches!(reference, Reference::Digest(_)) && !tags.is_empty() {
                created = created.header("oci-tag", tags.join(", "));
            }
            if let Some(subject) = pushed.subject {
                created = created.header("oci-subject", subject.to_string());
            }
            Ok(created.body(Body::empty()).unwrap_or_default())
        }
        Method::DELETE => {
            service.delete_manifest(caller, name, &Reference::parse(reference)?).await?;
            Ok(Response::builder().status(StatusCode::ACCEPTED).body(Body::empty()).unwrap_or_default())
        }
        _ => Err(Failure::no_method()),
    }
}

async fn get(context: &Context, name: &str, text: &str) -> Result<Response, Failure> {
    let Context { service, caller, method, headers, .. } = context;
    let reference = Reference::parse(text)?;
    let (digest, kind, content) = match service.manifest(caller, name, &reference).await {
        Ok(manifest) => (manifest.digest, manifest.media_type, manifest.content),
        Err(error @ ServiceError::ManifestUnknown { .. }) => {
            // Clients that do not know of referrers ask for a tag of this shape (*Referrers Tag Schema*).
            let Some(subject) = subject_of_tag(text) else { return Err(error.into()) };
            let referrers = service.referrers(caller, name, &subject, None).await?;
            if referrers.is_empty() {
                return Err(error.into());
            }
            let index = lists::index_of(&referrers);
            (Digest::sha256(&index), media_type::OCI_INDEX.to_owned(), index)
        }
        Err(error) => return Err(error.into()),
    };
    let etag = format!("\"{digest}\"");
    let status = if answer::has(headers, &etag) { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut found = Response::builder()
        .status(status)
        .header("docker-content-digest", digest.to_string())
        .header(header::ETAG, etag);
    if status == StatusCode::NOT_MODIFIED {
        return Ok(found.body(Body::empty()).unwrap_or_default());
    }
    found = found.header(header::CONTENT_TYPE, kind).header(header::CONTENT_LENGTH, content.len());
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(content) };
    Ok(found.body(body).unwrap_or_default())
}

/// `sha256-…` names the subject `sha256:…`.
fn subject_of_tag(tag: &str) -> Option<Digest> {
    tag.replacen('-', ":", 1).parse().ok()
}
