//! The official test vectors; what has to be refused; signing and verifying each other.

use http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest};
use jiff::Timestamp;
use serde::Deserialize;

use super::canonical::Request;
use super::*;
use crate::Caller;

const NOW: &str = "2015-08-30T12:36:00Z";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[derive(Deserialize)]
struct Vector {
    name: String,
    request: String,
    canonical: String,
    string_to_sign: String,
    authorization: String,
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

#[test]
fn the_official_vectors() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../testdata/sigv4/vectors.json")).unwrap();
    assert_eq!(vectors.len(), 33);
    for vector in vectors {
        let (head, body) = vector.request.split_once("\n\n").unwrap_or((&vector.request, ""));
        let mut lines = head.lines();
        // Paths of the suite may have spaces in them.
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
        // One request gets the token of its credentials when it is signed.
        let token = vector.canonical.lines().find_map(|line| line.strip_prefix("x-amz-security-token:"));
        if let Some(token) = token {
            headers.insert("x-amz-security-token", token.parse().unwrap());
        }
        let parts = HttpRequest::builder()
            .header("authorization", &vector.authorization)
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let presented = Presented::find(&parts).unwrap().unwrap();
        let request = Request { method, path, query, authority: None, headers: &headers };
        let payload = Payload::of(&headers).word(body.as_bytes()).unwrap();
        let signed = presented.signed_headers();
        let canonical = request.canonical(&signed, "service", &payload, None).unwrap();
        assert_eq!(canonical, vector.canonical, "{}", vector.name);
        let to_sign = presented.scope().string_to_sign("20150830T123600Z", &canonical);
        assert_eq!(to_sign, vector.string_to_sign, "{}", vector.name);
        let signature = Secret::new(SECRET).signature(&presented.scope(), &to_sign);
        assert_eq!(signature, presented.signature, "{}", vector.name);
    }
}

struct One;

impl CredentialSource for One {
    fn secret<'a>(&'a self, access_key_id: &'a str, session_token: Option<&'a str>) -> Lookup<'a> {
        Box::pin(async move {
            match (access_key_id, session_token) {
                ("AKIDEXAMPLE", None | Some("token")) => Ok(Found {
                    secret: Secret::new(SECRET),
                    caller: Caller::new("123456789012", "arn:aws:iam::123456789012:user/a", "AIDAEXAMPLE"),
                }),
                (_, Some("old")) => Err(LookupError::Expired),
                _ => Err(LookupError::Unknown),
            }
        })
    }
}

fn key(session_token: Option<&str>) -> SigningKey {
    SigningKey {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret: Secret::new(SECRET),
        session_token: session_token.map(str::to_owned),
    }
}

fn request(uri: &str) -> http::request::Parts {
    let request = HttpRequest::post(uri).header("content-type", "application/x-amz-json-1.1");
    request.header("x-amz-target", "Prefix.Operation").body(()).unwrap().into_parts().0
}

async fn verify(parts: &http::request::Parts, body: &[u8], now: Timestamp) -> Result<Caller, SignatureError> {
    let presented = Presented::find(parts)?.ok_or(SignatureError::Missing)?;
    Verifier { now }.verify(&presented, parts, body, "ecr", &One).await
}

#[tokio::test]
async fn what_is_signed_is_accepted() {
    for token in [None, Some("token")] {
        let mut parts = request("http://localhost:5000/a%20b//c?z=1&a=%2B+%20");
        sign(&mut parts, b"{}", &key(token), "us-east-1", "ecr", now()).unwrap();
        assert_eq!(&*verify(&parts, b"{}", now()).await.unwrap().account, "123456789012");
        assert_eq!(verify(&parts, b"{ }", now()).await, Err(SignatureError::Mismatch));

        let mut parts = request("https://localhost:443/?Action=GetCallerIdentity");
        parts.headers.remove("x-amz-target");
        presign(&mut parts, b"", &key(token), "us-east-1", "ecr", now(), 60).unwrap();
        verify(&parts, b"", now()).await.unwrap();
        verify(&parts, b"", now() + jiff::SignedDuration::from_secs(60)).await.unwrap();
        let late = verify(&parts, b"", now() + jiff::SignedDuration::from_secs(61)).await;
        assert!(matches!(late, Err(SignatureError::Clock(_))), "{late:?}");
    }
}

/// Changes a signed request, and says why it is no longer accepted.
async fn changed(change: impl FnOnce(&mut http::request::Parts)) -> SignatureError {
    let mut parts = request("http://localhost:5000/path?a=1");
    sign(&mut parts, b"{}", &key(Some("token")), "us-east-1", "ecr", now()).unwrap();
    change(&mut parts);
    verify(&parts, b"{}", now()).await.unwrap_err()
}

fn set(parts: &mut http::request::Parts, name: &'static str, value: &str) {
    parts.headers.insert(name, value.parse().unwrap());
}

/// Replaces a part of the `Authorization` header.
fn authorization(parts: &mut http::request::Parts, from: &str, to: &str) {
    let text = parts.headers["authorization"].to_str().unwrap();
    assert!(text.contains(from), "{text}");
    let text = text.replace(from, to);
    set(parts, "authorization", &text);
}

#[tokio::test]
async fn nothing_signed_may_be_changed() {
    use SignatureError::{Body, Mismatch, NoHeader, NotSigned, Streaming, UnknownKey};
    assert_eq!(changed(|parts| set(parts, "host", "elsewhere")).await, Mismatch);
    assert_eq!(changed(|parts| set(parts, "x-amz-target", "Prefix.Delete")).await, Mismatch);
    assert_eq!(
        changed(|parts| parts.uri = "http://localhost:5000/path?a=2".parse().unwrap()).await,
        Mismatch
    );
    assert_eq!(changed(|parts| parts.method = http::Method::PUT).await, Mismatch);
    assert_eq!(changed(|parts| authorization(parts, "us-east-1", "us-east-2")).await, Mismatch);
    assert_eq!(changed(|parts| authorization(parts, "Signature=", "Signature=0")).await, Mismatch);
    assert_eq!(changed(|parts| authorization(parts, "AKIDEXAMPLE", "AKIDOTHER")).await, UnknownKey);
    let unsigned = |name: &str| NotSigned(name.to_owned());
    assert_eq!(
        changed(|parts| authorization(parts, ";x-amz-target", "")).await,
        unsigned("x-amz-target"),
        "the operation has to be signed"
    );
    assert_eq!(
        changed(|parts| authorization(parts, ";x-amz-security-token", "")).await,
        unsigned("x-amz-security-token")
    );
    assert_eq!(
        changed(|parts| authorization(parts, "content-type;host", "content-type")).await,
        unsigned("host")
    );
    assert_eq!(
        changed(|parts| drop(parts.headers.remove("content-type"))).await,
        NoHeader("content-type".to_owned())
    );
    assert_eq!(changed(|parts| set(parts, "x-amz-content-sha256", "0".repeat(64).as_str())).await, Body);
    assert_eq!(
        changed(|parts| set(parts, "x-amz-content-sha256", "UNSIGNED-PAYLOAD")).await,
        Mismatch,
        "that the body does not count is part of what is signed"
    );
    let streaming = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    assert_eq!(
        changed(|parts| set(parts, "x-amz-content-sha256", streaming)).await,
        Streaming(streaming.to_owned())
    );
}

#[tokio::test]
async fn broken_and_foreign_signatures_say_what_they_are() {
    use SignatureError::{Algorithm, ExpiredToken, Incomplete, Missing, Service};
    assert_eq!(changed(|parts| drop(parts.headers.remove("authorization"))).await, Missing);
    assert_eq!(changed(|parts| set(parts, "authorization", "Basic QQ==")).await, Missing);
    assert_eq!(
        changed(|parts| authorization(parts, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")).await,
        Algorithm("AWS4-ECDSA-P256-SHA256".to_owned())
    );
    assert_eq!(
        changed(|parts| authorization(parts, "/ecr/", "/s3/")).await,
        Service { expected: "ecr".to_owned() }
    );
    for (from, to) in [
        ("Credential=", "Credentials="),
        ("Signature=", "Signature=1,Signature="),
        ("aws4_request", "aws4"),
        ("host;x-amz-date", "x-amz-date;host"),
        ("host;", "Host;"),
        ("host;", "host;host;"),
    ] {
        let error = changed(|parts| authorization(parts, from, to)).await;
        assert!(matches!(error, Incomplete(_)), "{from}: {error:?}");
    }
    let error = changed(|parts| set(parts, "x-amz-date", "2015-08-30T12:36:00Z")).await;
    assert!(matches!(error, Incomplete(_)), "{error:?}");
    let mut parts = request("http://localhost:5000/");
    sign(&mut parts, b"", &key(Some("old")), "us-east-1", "ecr", now()).unwrap();
    assert_eq!(verify(&parts, b"", now()).await.unwrap_err(), ExpiredToken);
}

#[tokio::test]
async fn clocks_may_be_a_quarter_of_an_hour_apart() {
    let mut parts = request("http://localhost:5000/");
    sign(&mut parts, b"", &key(None), "us-east-1", "ecr", now()).unwrap();
    for (seconds, accepted) in [(900, true), (901, false), (-900, true), (-901, false)] {
        let result = verify(&parts, b"", now() + jiff::SignedDuration::from_secs(seconds)).await;
        assert_eq!(result.is_ok(), accepted, "{seconds}: {result:?}");
    }
}

proptest::proptest! {
    /// Whatever is signed here is accepted here, and by nobody else's secret.
    #[test]
    fn signing_and_verifying_agree(
        path in "(/[a-zA-Z0-9._~!$&'()*+,;=:@-]{0,8}|/\\.\\.|/%[0-9A-F]{2}){1,5}",
        query in "([a-zA-Z0-9+./:-]{0,6}(=[a-zA-Z0-9+.%=-]{0,6})?&?){0,5}",
        value in "[ -~]{0,20}",
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        service in "ecr|s3",
    ) {
        let mut parts = request(&format!("http://localhost:5000{path}?{query}"));
        set(&mut parts, "x-amz-meta", &value);
        sign(&mut parts, &body, &key(None), "us-east-1", &service, now()).unwrap();
        let presented = Presented::find(&parts).unwrap().unwrap();
        let verifier = Verifier { now: now() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verified = runtime.block_on(verifier.verify(&presented, &parts, &body, &service, &One));
        proptest::prop_assert!(verified.is_ok(), "{:?}", verified);
        let mut other = body.clone();
        other.push(0);
        let verified = runtime.block_on(verifier.verify(&presented, &parts, &other, &service, &One));
        proptest::prop_assert!(verified.is_err());
    }
}
