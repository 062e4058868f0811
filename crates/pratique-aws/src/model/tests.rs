//! The models that are embedded, and checks against them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::Service;

fn model(service: &str) -> &'static Model {
    Service::named(service).unwrap().model().unwrap()
}

fn failures(service: &str, operation: &str, input: &Value) -> String {
    let model = model(service);
    match model.check_input(model.operation(operation).unwrap(), input) {
        Ok(()) => String::new(),
        Err(failures) => failures.to_string(),
    }
}

#[test]
fn the_models_are_complete() {
    for (service, operations) in [("ecr", 62), ("inspector2", 44), ("sts", 7)] {
        let model = model(service);
        assert_eq!(model.operations().count(), operations, "{service}");
        for shape in model.shapes() {
            if let Kind::Structure(structure) = &shape.kind {
                assert!(structure.members.is_sorted_by(|a, b| a.name < b.name), "{}", shape.name);
            }
        }
    }
}

/// Patterns that cannot be checked: texts of any form pass there. None so far.
#[test]
fn patterns_that_are_not_supported() {
    let mut unsupported = Vec::new();
    for service in Service::all() {
        for shape in service.model().unwrap().shapes() {
            if let Kind::Text { pattern: Some(pattern), .. } = &shape.kind
                && !pattern.is_supported()
            {
                unsupported.push((service.name, &*shape.name, pattern.as_str()));
            }
        }
    }
    assert_eq!(unsupported, []);
}

/// Models that are not embedded yet: they can be, and these patterns would not be checked.
#[test]
fn the_models_of_other_services() {
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(files) = std::fs::read_dir(shared.join("reference/shapes")) else {
        println!("skipped: no service models in {} (PRATIQUE_SHARED)", shared.display());
        return;
    };
    let mut unsupported = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let model = Model::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(model.operations().count() > 0, "{}", path.display());
        for shape in model.shapes() {
            if let Kind::Text { pattern: Some(pattern), .. } = &shape.kind
                && !pattern.is_supported()
            {
                unsupported.push(format!("{} {}", path.file_stem().unwrap().display(), shape.name));
            }
        }
    }
    unsupported.sort();
    let known = [
        "iam accountAliasType",
        "lambda Alias",
        "lambda CollectionName",
        "lambda FunctionUrlFunctionName",
        "lambda FunctionUrlQualifier",
        "lambda S3Bucket",
        "ssm StringDateTime",
        "ssm TargetLocationsURL",
    ];
    assert_eq!(unsupported, known);
}

#[test]
fn one_failure() {
    assert_eq!(
        failures(
            "ecr",
            "PutImageTagMutability",
            &json!({"repositoryName": "a/b", "imageTagMutability": "SOMETIMES"})
        ),
        "1 validation error detected: Value 'SOMETIMES' at 'imageTagMutability' failed to satisfy constraint: Member must \
         satisfy enum value set: [MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]"
    );
    assert_eq!(
        failures("ecr", "DeleteRepositoryPolicy", &json!({})),
        "1 validation error detected: Value null at 'repositoryName' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn all_failures_in_one_message() {
    let input = json!({
        "registryId": "12",
        "repositoryNames": ["ok", "Not OK"],
        "maxResults": 1001,
    });
    assert_eq!(
        failures("ecr", "DescribeRepositories", &input),
        "3 validation errors detected: \
         Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000; \
         Value '12' at 'registryId' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]{12}; \
         Value 'Not OK' at 'repositoryNames.2.member' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: [a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*"
    );
    let many: Vec<Value> = (0..200).map(|_| json!("Not OK")).collect();
    let text = failures("ecr", "DescribeRepositories", &json!({ "repositoryNames": many }));
    assert!(text.starts_with("201 validation errors detected: ") && text.ends_with("; and more"), "{text}");
    assert!(text.len() < 20_000, "{}", text.len());
}

#[test]
fn lists_maps_bytes_and_unions() {
    let text = failures("ecr", "DescribeRepositories", &json!({ "repositoryNames": [] }));
    assert!(
        text.contains("Value '[]' at 'repositoryNames'")
            && text.contains("length greater than or equal to 1"),
        "{text}"
    );
    let key = "k".repeat(129);
    let input = json!({"resourceArn": "arn:aws:inspector2:a", "tags": {&*key: "1", "b": "2"}});
    let text = failures("inspector2", "TagResource", &input);
    assert!(
        text.contains("kkk.key' failed") && text.contains("equal to 128") && !text.contains("tags.b"),
        "{text}"
    );
    let input = json!({"resourceArn": "arn:aws:inspector2:a", "tagKeys": ["team", "aws:team"]});
    let text = failures("inspector2", "UntagResource", &input);
    assert!(text.starts_with("1 ") && text.contains("'aws:team' at 'tagKeys.2.member'"), "{text}");
    let union = |request: Value| {
        failures(
            "inspector2",
            "ListFindingAggregations",
            &json!({"aggregationType": "ACCOUNT", "aggregationRequest": request}),
        )
    };
    assert_eq!(union(json!({"accountAggregation": {}})), "");
    assert!(union(json!({})).contains("exactly one of"), "{}", union(json!({})));
    assert!(union(json!({"accountAggregation": {}, "amiAggregation": {}})).contains("exactly one of"));
}

#[test]
fn outputs_have_no_other_members_and_types() {
    let model = model("sts");
    let operation = model.operation("GetCallerIdentity").unwrap();
    assert!(
        model
            .check_output(operation, &json!({"Account": "1", "Arn": "arn:aws:iam::123456789012:user/a"}))
            .is_ok()
    );
    let failures =
        model.check_output(operation, &json!({"Account": 1, "Arnn": "a"})).unwrap_err().to_string();
    assert!(failures.contains("'Account'") && failures.contains("'Arnn'"), "{failures}");
    assert!(
        model.check_input(operation, &json!({"Unknown": 1})).is_ok(),
        "AWS ignores members it does not know"
    );
}

#[test]
fn secrets_are_not_shown() {
    let model = Model::read(
        r#"{"metadata": {"apiVersion": "1"}, "operations": {}, "shapes": {
            "Password": {"type": "string", "max": 3, "sensitive": true},
            "Passwords": {"type": "list", "member": {"shape": "Password"}, "max": 0}}}"#,
    )
    .unwrap();
    for (index, value) in [json!("hunter2"), json!(["hunter2"])].iter().enumerate() {
        let text = model.check(ShapeId::new(index), value, false).unwrap_err().to_string();
        assert!(text.contains("Value at '") && !text.contains("hunter"), "{text}");
    }
}

#[test]
fn broken_models_say_what_is_broken() {
    let broken = |shapes: &str| {
        let text =
            format!(r#"{{"metadata": {{"apiVersion": "1"}}, "operations": {{}}, "shapes": {{{shapes}}}}}"#);
        Model::read(&text).unwrap_err().to_string()
    };
    assert_eq!(
        broken(r#""A": {"type": "list", "member": {"shape": "B"}}"#),
        "the service model has no shape B"
    );
    assert_eq!(broken(r#""A": {"type": "tensor"}"#), "the shape A is of the unknown type tensor");
}

/// How long reading takes is told by `cargo test --release -- --nocapture the_models_are_read_quickly`.
#[test]
fn the_models_are_read_quickly() {
    for (name, text) in [
        ("ecr", include_str!("../../models/ecr.json")),
        ("inspector2", include_str!("../../models/inspector2.json")),
        ("sts", include_str!("../../models/sts.json")),
    ] {
        let started = std::time::Instant::now();
        let model = Model::read(text).unwrap();
        println!("{name}: {} shapes in {:?}", model.shapes().count(), started.elapsed());
        assert!(started.elapsed().as_secs() < 1);
    }
}
