//! What the embedded services do not use, by a model that has all of it.

use http::Request as HttpRequest;
use serde_json::{Value, json};

use super::*;
use crate::model::{Failures, Kind};

/// An operation with everything, of the same shapes in every protocol.
fn model() -> Model {
    let text = json!({
        "metadata": {"apiVersion": "1", "xmlNamespace": "http://example/"},
        "operations": {
            "Do": {
                "http": {"method": "PUT", "requestUri": "/do/{Id}/{Rest+}", "responseCode": 202},
                "input": {"shape": "All"},
                "output": {"shape": "All", "resultWrapper": "DoResult"},
            },
            "Raw": {
                "http": {"method": "POST", "requestUri": "/raw"},
                "input": {"shape": "Whole"},
                "output": {"shape": "Whole"},
            },
            "Nothing": {"http": {"method": "POST", "requestUri": "/", "responseCode": 204}},
        },
        "shapes": {
            "All": {"type": "structure", "members": {
                "Id": {"shape": "Text", "location": "uri", "locationName": "Id"},
                "Rest": {"shape": "Text", "location": "uri", "locationName": "Rest"},
                "Since": {"shape": "Time", "location": "querystring", "locationName": "since"},
                "Limits": {"shape": "Numbers", "location": "querystring", "locationName": "limit"},
                "At": {"shape": "Time", "location": "header", "locationName": "X-At"},
                "Names": {"shape": "Texts", "location": "header", "locationName": "X-Names"},
                "Extra": {"shape": "Map", "location": "headers", "locationName": "X-Extra-"},
                "Code": {"shape": "Number", "location": "statusCode"},
                "Renamed": {"shape": "Text", "locationName": "wireName"},
                "When": {"shape": "Time"},
                "Day": {"shape": "IsoTime"},
                "Flag": {"shape": "Flag"},
                "Ratio": {"shape": "Ratio"},
                "Tags": {"shape": "Map"},
                "FlatTags": {"shape": "Map", "flattened": true},
                "Items": {"shape": "Inners"},
                "Flat": {"shape": "FlatTexts"},
                "Data": {"shape": "Blob"},
            }},
            "Whole": {"type": "structure", "payload": "Body", "members": {"Body": {"shape": "Blob"}}},
            "Inner": {"type": "structure", "members": {"Key": {"shape": "Text"}, "Below": {"shape": "Inners"}}},
            "Inners": {"type": "list", "member": {"shape": "Inner"}},
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Numbers": {"type": "list", "member": {"shape": "Number"}},
            "FlatTexts": {"type": "list", "flattened": true, "member": {"shape": "Text", "locationName": "One"}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "Text": {"type": "string"},
            "Number": {"type": "integer"},
            "Ratio": {"type": "double"},
            "Flag": {"type": "boolean"},
            "Blob": {"type": "blob"},
            "Time": {"type": "timestamp"},
            "IsoTime": {"type": "timestamp", "timestampFormat": "iso8601"},
        },
    });
    Model::read(&text.to_string()).unwrap()
}

fn decode(
    protocol: Protocol,
    operation: &str,
    request: http::request::Builder,
    body: &[u8],
) -> Result<Value, Malformed> {
    let model = model();
    let operation = model.operation(operation).unwrap();
    let parts = request.body(()).unwrap().into_parts().0;
    let labels = operation.path.labels(parts.uri.path(), false).unwrap_or_default();
    protocol.decode(&model, operation, Request { parts: &parts, labels: &labels, body })
}

fn encode(protocol: Protocol, operation: &str, output: Value) -> Response<Bytes> {
    let model = model();
    let operation = model.operation(operation).unwrap();
    assert_eq!(
        model.check_output(operation, &output).map_err(|failures: Failures| failures.to_string()),
        Ok(())
    );
    protocol.encode(&model, operation, output, "id")
}

#[test]
fn forms_are_paths_into_the_input() {
    let form = "Action=Do&wireName=a+b%2Bc&When=2026-11-22T07%3A00%3A00Z&Flag=true&Ratio=0.5&\
                Tags.entry.1.key=k&Tags.entry.1.value=v&FlatTags.2.key=l&FlatTags.2.value=w&\
                Items.member.10.Key=third&Items.member.2.Key=second&Items.member.1.Below.member.1.Key=deep&\
                One.1=x&One.2=y&Data=AAEC&Unknown.1=z";
    let input = decode(Protocol::Query, "Do", HttpRequest::post("/"), form.as_bytes()).unwrap();
    assert_eq!(
        input,
        json!({
            "Renamed": "a b+c", "When": "2026-11-22T07:00:00Z", "Flag": true, "Ratio": 0.5, "Tags": {"k": "v"},
            "FlatTags": {"l": "w"}, "Items": [{"Below": [{"Key": "deep"}]}, {"Key": "second"}, {"Key": "third"}],
            "Flat": ["x", "y"], "Data": "AAEC",
        })
    );
    assert_eq!(
        decode(Protocol::Query, "Do", HttpRequest::get("/?Flag=false"), b"").unwrap(),
        json!({"Flag": false})
    );
    assert_eq!(
        decode(Protocol::Query, "Do", HttpRequest::get("/?wireName=a+b"), b"").unwrap(),
        json!({"Renamed": "a+b"})
    );
    assert_eq!(
        decode(Protocol::Query, "Do", HttpRequest::post("/"), b"Items=").unwrap(),
        json!({"Items": []})
    );
    for (form, message) in [
        ("Flag=maybe", "'Flag' must be a boolean"),
        ("Items.member.x.Key=1", "'Items' is a list, whose items have numbers in their names"),
        ("wireName=a&wireName=b", "'wireName' is given twice"),
        ("wireName=%FF", "The request has parameters that are not UTF-8"),
        ("Tags.entry.1.value=v", "'Tags' has no key in entry 1"),
    ] {
        let error = decode(Protocol::Query, "Do", HttpRequest::post("/"), form.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let deep = format!("{}=1", "Items.member.1.Below.".repeat(1000));
    assert!(decode(Protocol::Query, "Do", HttpRequest::post("/"), deep.as_bytes()).is_err());
    let many = "a=1&".repeat(20_001);
    assert!(
        decode(Protocol::Query, "Nothing", HttpRequest::post("/"), many.as_bytes()).is_ok(),
        "nothing is read"
    );
    let many = (0..20_001).map(|index| format!("a{index}=1")).collect::<Vec<_>>().join("&");
    assert!(decode(Protocol::Query, "Do", HttpRequest::post("/"), many.as_bytes()).is_err());
}

#[test]
fn xml_out() {
    let output = json!({
        "Renamed": "<a & \u{1}b>", "When": "2026-11-22T07:00:00Z", "Flag": true, "Tags": {"k": "v"}, "FlatTags": {"l": "w"},
        "Items": [{"Key": "1"}, {}], "Flat": ["x", "y"], "Ratio": null,
    });
    let response = encode(Protocol::Query, "Do", output);
    assert_eq!(
        std::str::from_utf8(response.body()).unwrap(),
        "<DoResponse xmlns=\"http://example/\"><DoResult><Flag>true</Flag><One>x</One><One>y</One>\
         <FlatTags><key>l</key><value>w</value></FlatTags>\
         <Items><member><Key>1</Key></member><member></member></Items><wireName>&lt;a &amp; \u{fffd}b&gt;</wireName>\
         <Tags><entry><key>k</key><value>v</value></entry></Tags><When>2026-11-22T07:00:00Z</When></DoResult>\
         <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>"
    );
}

#[test]
fn rest_places() {
    let request = HttpRequest::put("/do/a%2Fb/c/d%20e?since=2026-11-22T07:00:00Z&limit=1&limit=2&other=3")
        .header("x-at", "Sun, 22 Nov 2026 07:00:00 GMT")
        .header("x-names", "a, b")
        .header("x-extra-one", "1");
    let body = br#"{"wireName": "r", "Renamed": "not this", "Id": "nor this", "When": 1795330800, "Day": "2026-11-22T07:00:00Z"}"#;
    assert_eq!(
        decode(Protocol::RestJson, "Do", request, body).unwrap(),
        json!({
            "Id": "a/b", "Rest": "c/d e", "Since": "2026-11-22T07:00:00Z", "Limits": [1, 2], "At": "2026-11-22T07:00:00Z",
            "Names": ["a", "b"], "Extra": {"one": "1"}, "Renamed": "r", "When": "2026-11-22T07:00:00Z",
            "Day": "2026-11-22T07:00:00Z",
        })
    );
    let response = encode(
        Protocol::RestJson,
        "Do",
        json!({
            "Code": 206, "At": "2026-11-22T07:00:00Z", "Names": ["a", "b"], "Extra": {"one": "1"}, "Renamed": "r",
            "When": "2026-11-22T07:00:00.5Z", "Day": "2026-11-22T07:00:00Z", "Flag": null,
        }),
    );
    assert_eq!(response.status(), 206);
    assert_eq!(response.headers()["x-at"], "Sun, 22 Nov 2026 07:00:00 GMT");
    assert_eq!(response.headers()["x-names"], "a,b");
    assert_eq!(response.headers()["x-extra-one"], "1");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body, json!({"wireName": "r", "When": 1_795_330_800.5, "Day": "2026-11-22T07:00:00Z"}));
    assert_eq!(encode(Protocol::RestJson, "Do", json!({})).status(), 202);
    let nothing = encode(Protocol::RestJson, "Nothing", Value::Null);
    assert_eq!((nothing.status().as_u16(), nothing.body().len()), (204, 0));
}

#[test]
fn bodies_that_are_one_member() {
    let input = decode(Protocol::RestJson, "Raw", HttpRequest::post("/raw"), b"\0\x01\xff").unwrap();
    assert_eq!(input, json!({"Body": "AAH/"}));
    assert_eq!(decode(Protocol::RestJson, "Raw", HttpRequest::post("/raw"), b"").unwrap(), json!({}));
    assert_eq!(&encode(Protocol::RestJson, "Raw", json!({"Body": "AAH/"})).body()[..], b"\0\x01\xff");
}

#[test]
fn json_names_instants_and_nulls() {
    let body = br#"{"wireName": "r", "When": 1795330800.25, "Items": [null, {"Key": null}], "Tags": {"a": null, "b": "c"}}"#;
    let input = decode(Protocol::Json11, "Do", HttpRequest::post("/"), body).unwrap();
    assert_eq!(
        input,
        json!({"Renamed": "r", "When": "2026-11-22T07:00:00.25Z", "Items": [null, {}], "Tags": {"b": "c"}})
    );
    let model = model();
    let failures = model.check_input(model.operation("Do").unwrap(), &input).unwrap_err().to_string();
    assert!(failures.contains("Value null at 'Items.1.member'"), "{failures}");
    let response = encode(Protocol::Json10, "Do", json!({"Renamed": "r", "Data": "AAEC", "Flag": null}));
    assert_eq!(&response.body()[..], br#"{"Data":"AAEC","wireName":"r"}"#);
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    assert_eq!(&encode(Protocol::Json11, "Nothing", Value::Null).body()[..], b"{}");
}

#[test]
fn every_type_that_is_not_meant_is_told() {
    let model = model();
    for shape in model.shapes() {
        let wrong = match shape.kind {
            Kind::Structure(_) | Kind::Map { .. } => json!([]),
            _ => json!({}),
        };
        let text = json!({"wireName": wrong, "When": wrong, "Flag": wrong, "Ratio": wrong, "Tags": wrong, "Data": wrong});
        assert!(decode(Protocol::Json11, "Do", HttpRequest::post("/"), text.to_string().as_bytes()).is_err());
    }
}
