//! The surface without sockets: every protocol, every refusal, in the words that AWS has for it.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[allow(unreachable_pub, reason = "each test uses a part of it")]
mod support;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use pratique_aws::sigv4::{Secret, SigningKey, presign, sign};
use pratique_aws::{ApiError, Context, Identity, Operations, Surface, dispatch};
use serde_json::{Value, json};
use support::{ACCOUNT, ARN, KEY, State, signing_key, surface};

/// How a test signs.
struct Signing {
    key: SigningKey,
    service: &'static str,
    at: Timestamp,
}

impl Signing {
    fn of(service: &'static str) -> Self {
        Self { key: signing_key(), service, at: Timestamp::now() }
    }
}

async fn call(request: http::request::Builder, body: &str, signing: Option<Signing>) -> Response<Bytes> {
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    if let Some(Signing { key, service, at }) = signing {
        sign(&mut parts, body.as_bytes(), &key, "us-east-1", service, at).unwrap();
    }
    let response =
        surface().handle(Request::from_parts(parts, Bytes::copy_from_slice(body.as_bytes()))).await;
    let id = response.headers()["x-amzn-requestid"].to_str().unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4', "{id}");
    response
}

fn json_request(operation: &str) -> http::request::Builder {
    Request::post("http://localhost:5000/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("AmazonEC2ContainerRegistry_V20150921.{operation}"))
}

fn form() -> http::request::Builder {
    Request::post("http://localhost:5000/")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
}

fn rest(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("http://localhost:5000{path}"))
}

async fn ecr(operation: &str, body: &str) -> (u16, Value) {
    let response = call(json_request(operation), body, Some(Signing::of("ecr"))).await;
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

const IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

#[tokio::test]
async fn identity_in_query_json_and_presigned() {
    let response = call(form(), IDENTITY, Some(Signing::of("sts"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/xml");
    let id = response.headers()["x-amzn-requestid"].to_str().unwrap();
    assert_eq!(
        text(&response),
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Account>{ACCOUNT}</Account><Arn>{ARN}</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        )
    );

    let request = Request::post("http://localhost:5000/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "AWSSecurityTokenServiceV20110615.GetCallerIdentity");
    let response = call(request, "", Some(Signing::of("sts"))).await;
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0", "the version is echoed");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body, json!({"Account": ACCOUNT, "Arn": ARN, "UserId": "AIDACKCEVSQ6C2EXAMPLE"}));

    let (mut parts, ()) =
        Request::get(format!("http://localhost:5000/?{IDENTITY}")).body(()).unwrap().into_parts();
    presign(&mut parts, b"", &signing_key(), "us-east-1", "sts", Timestamp::now(), 60).unwrap();
    assert!(dispatch::is_aws(&parts));
    let response = surface().handle(Request::from_parts(parts, Bytes::new())).await;
    assert!(text(&response).contains(ARN), "{}", text(&response));
}

/// A request of each protocol: what it is, and the service it is signed for.
fn one_of_each() -> [(http::request::Builder, &'static str, &'static str); 3] {
    [
        (json_request("DescribeRepositories"), "{}", "ecr"),
        (rest("GET", "/tags/arn%3Aaws%3Ainspector2"), "", "inspector2"),
        (form(), IDENTITY, "sts"),
    ]
}

/// The status and the code of an error, in whichever protocol.
fn error(response: &Response<Bytes>) -> (u16, String) {
    let text = text(response);
    let code = match text.split_once("<Code>") {
        Some((_, rest)) => rest.split_once("</Code>").unwrap().0.to_owned(),
        None => serde_json::from_str::<Value>(text).unwrap()["__type"].as_str().unwrap().to_owned(),
    };
    if let Some(header) = response.headers().get("x-amzn-errortype") {
        assert_eq!(header.to_str().unwrap(), code);
    }
    (response.status().as_u16(), code)
}

#[tokio::test]
async fn refusals_of_signatures() {
    type Change = fn(&mut Signing);
    type Refusals = [(u16, &'static str); 3];
    let changes: [(Option<Change>, Refusals); 6] = [
        (
            None,
            [
                (400, "MissingAuthenticationTokenException"),
                (403, "MissingAuthenticationTokenException"),
                (403, "MissingAuthenticationToken"),
            ],
        ),
        (
            Some(|signing| signing.key.access_key_id = "AKIAOTHER".to_owned()),
            [
                (400, "UnrecognizedClientException"),
                (403, "UnrecognizedClientException"),
                (403, "InvalidClientTokenId"),
            ],
        ),
        (
            Some(|signing| signing.key.secret = Secret::new("wrong")),
            [
                (400, "InvalidSignatureException"),
                (403, "InvalidSignatureException"),
                (403, "SignatureDoesNotMatch"),
            ],
        ),
        (
            Some(|signing| signing.at = "2015-08-30T12:36:00Z".parse().unwrap()),
            [
                (400, "InvalidSignatureException"),
                (403, "InvalidSignatureException"),
                (403, "SignatureDoesNotMatch"),
            ],
        ),
        (
            Some(|signing| signing.key.session_token = Some("old".to_owned())),
            [(400, "ExpiredTokenException"), (403, "ExpiredTokenException"), (403, "ExpiredToken")],
        ),
        (
            Some(|signing| signing.key.access_key_id = "AKIANOWHERE".to_owned()),
            [
                (503, "ServiceUnavailableException"),
                (503, "ServiceUnavailableException"),
                (503, "ServiceUnavailable"),
            ],
        ),
    ];
    for (change, expected) in changes {
        for ((request, body, service), (status, code)) in one_of_each().into_iter().zip(expected) {
            let signing = change.map(|change| {
                let mut signing = Signing::of(service);
                change(&mut signing);
                signing
            });
            let response = call(request, body, signing).await;
            assert_eq!(error(&response), (status, code.to_owned()), "{service}");
        }
    }
    // Good for another service.
    let response = call(json_request("DescribeRepositories"), "{}", Some(Signing::of("sts"))).await;
    assert_eq!(error(&response), (400, "InvalidSignatureException".to_owned()));
}

#[tokio::test]
async fn unknown_operations() {
    let unknown =
        |request, body, service| async move { error(&call(request, body, Some(Signing::of(service))).await) };
    let json = |code: &str| (400, code.to_owned());
    assert_eq!(unknown(json_request("Fly"), "{}", "ecr").await, json("UnknownOperationException"));
    assert_eq!(unknown(json_request("BatchGetImage"), "{}", "ecr").await, json("UnknownOperationException"));
    let foreign = Request::post("http://localhost/").header("x-amz-target", "AWSEvents.PutRule");
    assert_eq!(unknown(foreign, "{}", "events").await, json("UnknownOperationException"));
    assert_eq!(unknown(form(), "Action=Fly&Version=2011-06-15", "sts").await, json("InvalidAction"));
    assert_eq!(unknown(form(), "Action=ListUsers&Version=2010-05-08", "iam").await, json("InvalidAction"));
    let rest_unknown = (404, "UnknownOperationException".to_owned());
    assert_eq!(unknown(rest("GET", "/nowhere"), "", "inspector2").await, rest_unknown);
    assert_eq!(unknown(rest("PUT", "/findings/list"), "", "inspector2").await, rest_unknown);
    assert_eq!(
        unknown(rest("GET", "/tags/a"), "", "securityhub").await,
        rest_unknown,
        "a path of several services"
    );
    // Nothing is told to those who cannot sign.
    let unsigned = call(json_request("Fly"), "{}", None).await;
    assert_eq!(error(&unsigned), json("MissingAuthenticationTokenException"));
}

#[tokio::test]
async fn json_in_and_out() {
    assert_eq!(
        ecr(
            "DescribeRepositories",
            r#"{"repositoryNames": ["a/b"], "registryId": null, "unknown": {"a": 1}}"#
        )
        .await,
        (200, json!({"repositories": [{"repositoryName": "a/b", "createdAt": 1_795_330_800.25}]}))
    );
    assert_eq!(ecr("DescribeRepositories", "").await, (200, json!({"repositories": []})));
    assert_eq!(
        ecr("DescribeRepositories", r#"{"repositoryNames": ["absent"]}"#).await,
        (
            400,
            json!({"__type": "RepositoryNotFoundException", "message": "The repository 'absent' does not exist"})
        )
    );
    let part = json!({
        "repositoryName": "a/b", "uploadId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "partFirstByte": 0,
        "partLastByte": 4, "layerPartBlob": "AAECAwQ=",
    });
    assert_eq!(ecr("UploadLayerPart", &part.to_string()).await, (200, json!({"lastByteReceived": 4})));
    let mut wrong = part.clone();
    wrong["partLastByte"] = json!(9);
    assert_eq!(
        ecr("UploadLayerPart", &wrong.to_string()).await,
        (
            400,
            json!({
                "__type": "InvalidLayerPartException", "message": "The part is not of this length",
                "uploadId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "lastValidByteReceived": 41,
            })
        )
    );
    let mut broken = part;
    broken["layerPartBlob"] = json!("not base64!");
    let (status, error) = ecr("UploadLayerPart", &broken.to_string()).await;
    assert_eq!((status, &error["__type"]), (400, &json!("SerializationException")));
    assert_eq!(error["message"], "'layerPartBlob': must be bytes in base64");
}

#[tokio::test]
async fn what_cannot_be_read_and_what_is_not_allowed() {
    for (body, message) in [
        ("{", "The request body is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "The request body is not a JSON object"),
        (r#"{"repositoryNames": "a"}"#, "'repositoryNames' must be a list, and is a string"),
        (r#"{"repositoryNames": ["a", {}]}"#, "'repositoryNames.2' must be a string, and is an object"),
        (r#"{"maxResults": 1.5}"#, "'maxResults' must be an integer of 32 bits, and is a number"),
    ] {
        let error = json!({"__type": "SerializationException", "message": message});
        assert_eq!(ecr("DescribeRepositories", body).await, (400, error));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(ecr("DescribeRepositories", &deep).await.1["__type"], "SerializationException");

    let (status, error) =
        ecr("DescribeRepositories", r#"{"repositoryNames": ["AA"], "maxResults": 0}"#).await;
    assert_eq!((status, &error["__type"]), (400, &json!("InvalidParameterException")));
    assert!(error["message"].as_str().unwrap().starts_with("2 validation errors detected: "), "{error}");

    let response =
        call(rest("POST", "/findings/list"), r#"{"maxResults": 0}"#, Some(Signing::of("inspector2"))).await;
    assert_eq!(error_code(&response), "UnknownOperationException", "not registered in this test");
    let response = call(rest("POST", "/tags/arn%3Aa"), "{}", Some(Signing::of("inspector2"))).await;
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        body,
        json!({
            "__type": "ValidationException", "reason": "FIELD_VALIDATION_FAILED",
            "fields": [{"name": "tags", "message": "Member must not be null"}],
            "message": "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null",
        })
    );
}

fn error_code(response: &Response<Bytes>) -> String {
    error(response).1
}

#[tokio::test]
async fn what_goes_wrong_here() {
    let (status, body) = ecr("DescribeRegistry", "{}").await;
    assert_eq!((status, &body["__type"]), (500, &json!("ServerException")), "{body}");
    assert!(body["message"].as_str().unwrap().contains("is not as its model says"), "{body}");
    let (status, body) = ecr("GetRepositoryPolicy", r#"{"repositoryName": "a/b"}"#).await;
    assert_eq!(status, 500);
    assert!(body["message"].as_str().unwrap().contains("is no exception of the service"), "{body}");
    let (status, body) = ecr("GetRegistryPolicy", "{}").await;
    assert_eq!((status, &body["__type"]), (500, &json!("ServerException")));
    assert!(!body.to_string().contains("hunter2"), "{body}");
    let (status, body) = ecr("DeleteRepository", r#"{"repositoryName": "a/b"}"#).await;
    assert_eq!((status, &body["__type"]), (400, &json!("AccessDeniedException")));
    assert_eq!(
        body["message"],
        format!(
            "User: {ARN} is not authorized to perform: ecr:DeleteRepository on resource: \
             arn:aws:ecr:us-east-1:123456789012:repository/a because no identity-based policy allows the \
             ecr:DeleteRepository action"
        )
    );
}

#[tokio::test]
async fn rest_members_in_paths_queries_and_headers() {
    let arn = "arn:aws:inspector2:us-east-1:123456789012:owner/1/filter/2";
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    let surface = surface();
    let call = async |method: &str, path: &str, body: &str| {
        let (mut parts, ()) = rest(method, path).body(()).unwrap().into_parts();
        sign(&mut parts, body.as_bytes(), &signing_key(), "us-east-1", "inspector2", Timestamp::now())
            .unwrap();
        surface.handle(Request::from_parts(parts, Bytes::copy_from_slice(body.as_bytes()))).await
    };
    let tags = r#"{"tags": {"a": "1", "b/c": "2", "d": "3"}}"#;
    let response = call("POST", &format!("/tags/{encoded}"), tags).await;
    assert_eq!((response.status().as_u16(), text(&response)), (200, "{}"));
    call("DELETE", &format!("/tags/{encoded}?tagKeys=a&tagKeys=b%2Fc"), "").await;
    for path in [&*encoded, arn] {
        let response = call("GET", &format!("/tags/{path}"), "").await;
        assert_eq!(text(&response), r#"{"tags":{"d":"3"}}"#, "{path}");
    }
    let response = call("POST", "/tags/arn%3Aaws%3Aa%2Fabsent", tags).await;
    assert_eq!(error(&response), (404, "ResourceNotFoundException".to_owned()));
    let response = call("POST", "/tags/arn%3Aaws%3Aa%2Fbusy", tags).await;
    assert_eq!(error(&response), (429, "ThrottlingException".to_owned()));
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let large = "x".repeat(10 << 20);
    let response = call(form(), &large, Some(Signing::of("sts"))).await;
    assert_eq!(error_code(&response), "RequestEntityTooLarge");
    assert_eq!(response.status(), 413);
    let (status, error) = ecr("DescribeRepositories", &large).await;
    assert_eq!(
        (status, &error["__type"]),
        (400, &json!("SerializationException")),
        "parts of layers are as large"
    );
}

#[test]
fn what_is_for_us() {
    let is_aws =
        |request: http::request::Builder| dispatch::is_aws(&request.body(()).unwrap().into_parts().0);
    assert!(is_aws(json_request("DescribeRepositories")) && is_aws(form()));
    assert!(is_aws(rest("GET", "/tags/a").header("authorization", "AWS4-HMAC-SHA256 Credential=")));
    for (path, authorization) in
        [("/v2/", "Basic QQ=="), ("/v2/a/blobs/uploads/?digest=b", "Bearer x"), ("/", "")]
    {
        assert!(!is_aws(rest("GET", path).header("authorization", authorization)), "{path}");
    }
}

#[test]
fn operations_have_to_be_in_the_models() {
    async fn nothing(_: &Context<State>, _: Value) -> Result<Value, ApiError> {
        Ok(Value::Null)
    }
    struct Nobody;
    impl pratique_aws::sigv4::CredentialSource for Nobody {
        fn secret<'a>(&'a self, _: &'a str, _: Option<&'a str>) -> pratique_aws::sigv4::Lookup<'a> {
            Box::pin(async { Err(pratique_aws::sigv4::LookupError::Unknown) })
        }
    }
    for (service, operation) in [("ecr", "Fly"), ("s3", "GetObject")] {
        let operations = Operations::new().add(service, operation, nothing);
        let identity = Identity { account: ACCOUNT.into(), region: "us-east-1".into() };
        let error = Surface::new(operations, State::default().into(), std::sync::Arc::new(Nobody), identity)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("there is no operation {service}:{operation} in the service models")
        );
    }
    assert_eq!(KEY.len(), 20);
}
