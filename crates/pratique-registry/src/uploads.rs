//! Pushing blobs: end-4 to end-6, end-11 and end-13.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
    response::Response,
};
use pratique_service::{ServiceError, manifests::parse_digest};

use crate::{Context, answer, body, error::Failure};

/// `POST /v2/NAME/blobs/uploads/`: begins an upload, or mounts, or takes all at once.
pub(crate) async fn begin(context: &Context, name: &str, body: Body) -> Result<Response, Failure> {
    let Context { service, caller, method, query, .. } = context;
    if *method != Method::POST {
        return Err(Failure::no_method());
    }
    if let Some(digest) = query.get("mount") {
        let digest = parse_digest(digest)?;
        if service.mount_blob(caller, name, &digest, query.get("from")).await? {
            return Ok(created(name, &digest.to_string()));
        }
    } else if let Some(digest) = query.get("digest") {
        let digest = parse_digest(digest)?;
        let id = service.begin_upload(caller, name).await?;
        let writing = service.continue_upload(caller, name, &id, None).await?;
        body::receive(service, writing, body).await?;
        service.finish_upload(caller, name, &id, &digest).await?;
        return Ok(created(name, &digest.to_string()));
    }
    let id = service.begin_upload(caller, name).await?;
    Ok(going_on(StatusCode::ACCEPTED, name, &id, 0))
}

pub(crate) async fn handle(context: &Context, name: &str, id: &str, body: Body) -> Result<Response, Failure> {
    let Context { service, caller, method, query, .. } = context;
    match *method {
        Method::GET | Method::HEAD => {
            let length = service.upload_length(caller, name, id).await?;
            Ok(going_on(StatusCode::NO_CONTENT, name, id, length))
        }
        Method::PATCH => {
            let length = append(context, name, id, body).await?;
            service.park_upload(id).await?;
            Ok(going_on(StatusCode::ACCEPTED, name, id, length))
        }
        Method::PUT => {
            let Some(digest) = query.get("digest") else {
                return Err(ServiceError::DigestInvalid("?digest= is missing".into()).into());
            };
            let digest = parse_digest(digest)?;
            append(context, name, id, body).await?;
            service.finish_upload(caller, name, id, &digest).await?;
            Ok(created(name, &digest.to_string()))
        }
        Method::DELETE => {
            service.cancel_upload(caller, name, id).await?;
            Ok(Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap_or_default())
        }
        _ => Err(Failure::no_method()),
    }
}

/// Adds the body to an upload, where its headers say.
async fn append(context: &Context, name: &str, id: &str, body: Body) -> Result<u64, Failure> {
    let Context { service, caller, headers, .. } = context;
    let range = answer::header(headers, "content-range").map(parse_content_range).transpose()?;
    let length = answer::header(headers, "content-length").and_then(|text| text.parse::<u64>().ok());
    if let (Some((first, last)), Some(length)) = (range, length)
        && last - first + 1 != length
    {
        let message =
            format!("Content-Range speaks of {} bytes, Content-Length of {length}", last - first + 1);
        return Err(ServiceError::SizeInvalid(message).into());
    }
    let offset = range.map(|(first, _)| first);
    let writing = service.continue_upload(caller, name, id, offset).await?;
    body::receive(service, writing, body).await
}

/// `FIRST-LAST`, as the specification writes it, or `bytes FIRST-LAST/SIZE`, as HTTP does.
fn parse_content_range(text: &str) -> Result<(u64, u64), Failure> {
    let wrong =
        || Failure::invalid("BLOB_UPLOAD_INVALID", format!("{text:?} is no Content-Range such as 0-1023"));
    let range = text.strip_prefix("bytes").unwrap_or(text).trim_start_matches([' ', '=']);
    let range = range.split('/').next().unwrap_or_default();
    let (first, last) = range.split_once('-').ok_or_else(wrong)?;
    let (first, last) =
        (first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?);
    if first > last || last == u64::MAX { Err(wrong()) } else { Ok((first, last)) }
}

fn created(name: &str, digest: &str) -> Response {
    Response::builder()
        .status(StatusCode::CREATED)
        .header(header::LOCATION, format!("/v2/{name}/blobs/{digest}"))
        .header("docker-content-digest", digest)
        .header(header::CONTENT_LENGTH, 0)
        .body(Body::empty())
        .unwrap_or_default()
}

fn going_on(status: StatusCode, name: &str, id: &str, length: u64) -> Response {
    Response::builder()
        .status(status)
        .header(header::LOCATION, format!("/v2/{name}/blobs/uploads/{id}"))
        .header(header::RANGE, answer::range(length))
        .header("docker-upload-uuid", id)
        .body(Body::empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        assert_eq!(parse_content_range("0-9").ok(), Some((0, 9)));
        assert_eq!(parse_content_range("bytes 5-9/10").ok(), Some((5, 9)));
        for wrong in ["", "9", "9-5", "a-b", "-5", "5-", "0-18446744073709551615"] {
            assert!(parse_content_range(wrong).is_err(), "{wrong}");
        }
    }
}
