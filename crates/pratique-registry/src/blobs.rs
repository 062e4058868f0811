//! Blobs: end-2 and end-10.

use axum::{
    body::Body,
    http::{Method, StatusCode, header, response::Builder},
    response::Response,
};
use pratique_service::{downloads::Download, manifests::parse_digest};

use crate::{Context, answer, body, error::Failure};

pub(crate) async fn handle(context: &Context, name: &str, digest: &str) -> Result<Response, Failure> {
    let Context { service, caller, method, headers, query } = context;
    let digest = parse_digest(digest)?;
    // An address that stands for a credential: of this blob, to read it.
    let downloader = match (query.get("expires"), query.get("signature")) {
        (Some(expires), Some(signature)) if *method != Method::DELETE => {
            let download =
                Download { expires: expires.parse().unwrap_or_default(), signature: signature.into() };
            Some(service.downloader(name, &digest, &download)?)
        }
        _ => None,
    };
    let caller = downloader.as_ref().unwrap_or(caller);
    match *method {
        Method::GET | Method::HEAD => {}
        Method::DELETE => {
            service.delete_blob(caller, name, &digest).await?;
            return Ok(response(StatusCode::ACCEPTED).body(Body::empty()).unwrap_or_default());
        }
        _ => return Err(Failure::no_method()),
    }
    let etag = format!("\"{digest}\"");
    let base = |status| {
        response(status)
            .header("docker-content-digest", digest.to_string())
            .header(header::ETAG, &etag)
            .header(header::ACCEPT_RANGES, "bytes")
            // What a digest names never changes; who may see it does.
            .header(header::CACHE_CONTROL, "private, max-age=31536000, immutable")
    };
    if *method == Method::HEAD {
        let size = service.blob_size(caller, name, &digest).await?;
        let found = base(StatusCode::OK)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, size);
        return Ok(found.body(Body::empty()).unwrap_or_default());
    }
    let (file, size) = service.open_blob(caller, name, &digest).await?;
    if answer::has(headers, &etag) {
        return Ok(base(StatusCode::NOT_MODIFIED).body(Body::empty()).unwrap_or_default());
    }
    let range = match answer::header(headers, "range") {
        Some(text) if answer::header(headers, "if-range").is_none_or(|known| known == etag) => {
            parse_range(text, size)
        }
        _ => Range::Whole,
    };
    let (status, start, length) = match range {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        Range::Outside => {
            let message = format!("the blob has {size} bytes");
            let outside = Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UNKNOWN", message);
            return Err(outside.with_header(header::CONTENT_RANGE, answer::value(&format!("bytes */{size}"))));
        }
    };
    let mut found = base(status)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, length);
    if status == StatusCode::PARTIAL_CONTENT {
        found = found.header(
            header::CONTENT_RANGE,
            format!("bytes {start}-{}/{size}", (start + length).saturating_sub(1)),
        );
    }
    Ok(found.body(body::send(file, start, length)).unwrap_or_default())
}

fn response(status: StatusCode) -> Builder {
    Response::builder().status(status)
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { start: u64, length: u64 },
    Outside,
}

/// One range of bytes (RFC 9110, section 14.1.2). Several at once, or another unit, are not understood, and a server may
/// then send everything.
fn parse_range(text: &str, size: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let (start, end) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(start), Ok(last)) if start <= last => (start, last.saturating_add(1).min(size)),
        (Ok(start), Err(_)) if last.trim().is_empty() => (start, size),
        (Err(_), Ok(count)) if first.trim().is_empty() => (size.saturating_sub(count), size),
        _ => return Range::Whole,
    };
    if start >= end { Range::Outside } else { Range::Part { start, length: end - start } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |start, length| Range::Part { start, length };
        for (text, is) in [
            ("bytes=0-9", part(0, 10)),
            ("bytes=90-200", part(90, 10)),
            ("bytes=99-", part(99, 1)),
            ("bytes=-5", part(95, 5)),
            ("bytes=-500", part(0, 100)),
            ("bytes=100-", Range::Outside),
            ("bytes=-0", Range::Outside),
            ("bytes=5-4", Range::Whole),
            ("bytes=0-1,3-4", Range::Whole),
            ("lines=0-1", Range::Whole),
            ("bytes=", Range::Whole),
        ] {
            assert_eq!(parse_range(text, 100), is, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Range::Outside);
        assert_eq!(parse_range(&format!("bytes=0-{}", u64::MAX), 7), part(0, 7));
    }
}
