//! Policies of ECR's manual and what they decide; what is refused, and where.

use proptest::prelude::*;

use super::*;
use crate::access::{Caller, Context, Decision, Request, Through};

const REPOSITORY: &str = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";

fn user(name: &str) -> Caller {
    Caller::Aws {
        arn: format!("arn:aws:iam::123456789012:user/{name}"),
        account: "123456789012".into(),
        role: None,
    }
}

fn repository(text: &str) -> Policy {
    Policy::parse(text, PolicyKind::Repository).unwrap()
}

fn ask(policy: &Policy, caller: &Caller, action: &str, context: &[(&str, &str)]) -> Decision {
    let mut known = Context::default();
    for (key, value) in context {
        known.set(key, [*value]);
    }
    policy.decide(&Request { caller, action, resource: REPOSITORY, context: &known })
}

/// `Allow`, `Deny` or nothing, with the name of the statement.
fn told(decision: &Decision) -> String {
    let name = |statement: &crate::access::StatementRef| {
        statement.sid.clone().unwrap_or_else(|| statement.index.to_string())
    };
    match decision {
        Decision::Allow { statement, .. } => format!("allow {}", name(statement)),
        Decision::Deny(statement) => format!("deny {}", name(statement)),
        Decision::NoDecision => "none".to_owned(),
    }
}

#[test]
fn the_manuals_policy_for_users() {
    let policy = repository(
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"AllowPushPull","Effect":"Allow",
            "Principal":{"AWS":["arn:aws:iam::123456789012:user/push-pull-user-1",
                                "arn:aws:iam::123456789012:user/push-pull-user-2"]},
            "Action":["ecr:BatchGetImage","ecr:BatchCheckLayerAvailability","ecr:CompleteLayerUpload",
                      "ecr:GetDownloadUrlForLayer","ecr:InitiateLayerUpload","ecr:PutImage","ecr:UploadLayerPart"]}]}"#,
    );
    assert_eq!(told(&ask(&policy, &user("push-pull-user-2"), "ecr:PutImage", &[])), "allow AllowPushPull");
    assert_eq!(told(&ask(&policy, &user("push-pull-user-2"), "ECR:putimage", &[])), "allow AllowPushPull");
    assert_eq!(told(&ask(&policy, &user("push-pull-user-3"), "ecr:PutImage", &[])), "none");
    assert_eq!(told(&ask(&policy, &user("push-pull-user-1"), "ecr:DeleteRepository", &[])), "none");
}

#[test]
fn the_manuals_policy_for_accounts() {
    let policy = repository(
        r#"{"Version":"2012-10-17","Statement":{"Sid":"AllowCrossAccountPush","Effect":"Allow",
            "Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"ecr:*"}}"#,
    );
    let decision = ask(&policy, &user("anybody"), "ecr:PutImage", &[]);
    assert!(matches!(decision, Decision::Allow { through: Through::Account, .. }), "{decision:?}");
    assert_eq!(told(&ask(&policy, &Caller::Anonymous, "ecr:PutImage", &[])), "none");
}

#[test]
fn the_manuals_policy_for_addresses() {
    let policy = repository(
        r#"{"Version":"2012-10-17","Id":"ECRPolicyId1","Statement":[{"Sid":"IPAllow","Effect":"Allow",
            "Principal":"*","Action":"ecr:*","Condition":{
              "NotIpAddress":{"aws:SourceIp":"54.240.143.188/32"},"IpAddress":{"aws:SourceIp":"54.240.143.0/24"}}}]}"#,
    );
    let from =
        |address| told(&ask(&policy, &Caller::Anonymous, "ecr:PutImage", &[("aws:SourceIp", address)]));
    assert_eq!((from("54.240.143.1").as_str(), from("54.240.143.188").as_str()), ("allow IPAllow", "none"));
    assert_eq!(told(&ask(&policy, &Caller::Anonymous, "ecr:PutImage", &[])), "none");
}

#[test]
fn the_manuals_policy_for_a_service() {
    let policy = repository(
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"CodeBuildAccess","Effect":"Allow",
            "Principal":{"Service":"codebuild.amazonaws.com"},
            "Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],
            "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:us-east-1:123456789012:project/project-*"},
                         "StringEquals":{"aws:SourceAccount":123456789012}}}]}"#,
    );
    let codebuild = Caller::Service("codebuild.amazonaws.com".into());
    let project = |name: &str| {
        let arn = format!("arn:aws:codebuild:us-east-1:123456789012:project/{name}");
        let context = [("aws:SourceArn", arn.as_str()), ("aws:sourceaccount", "123456789012")];
        told(&ask(&policy, &codebuild, "ecr:BatchGetImage", &context))
    };
    assert_eq!((project("project-1").as_str(), project("other").as_str()), ("allow CodeBuildAccess", "none"));
}

#[test]
fn a_registrys_policy_names_resources() {
    let policy = Policy::parse(
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"replicate","Effect":"Allow","Principal":{"AWS":"123456789012"},
             "Action":["ecr:CreateRepository","ecr:ReplicateImage"],
             "Resource":["arn:aws:ecr:us-east-1:123456789012:repository/team/*"]},
            {"Sid":"own","Effect":"Allow","Principal":"*","Action":"ecr:PutImage",
             "Resource":"arn:aws:ecr:*:*:repository/${aws:username, 'nobody'}/*"},
            {"Sid":"not","Effect":"Allow","Principal":"*","Action":"ecr:ListImages",
             "NotResource":"arn:aws:ecr:*:*:repository/team/*"}]}"#,
        PolicyKind::Registry,
    )
    .unwrap();
    let caller = user("alice");
    assert_eq!(told(&ask(&policy, &caller, "ecr:ReplicateImage", &[])), "allow replicate");
    assert_eq!(told(&ask(&policy, &caller, "ecr:PutImage", &[("aws:username", "team")])), "allow own");
    assert_eq!(told(&ask(&policy, &caller, "ecr:PutImage", &[])), "none");
    assert_eq!(told(&ask(&policy, &caller, "ecr:ListImages", &[])), "none");
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    let allow = r#"{"Sid":"a","Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    let deny = r#"{"Sid":"d","Effect":"Deny","Principal":"*","Action":["ecr:Delete*","ecr:Put?mage"]}"#;
    for statements in [format!("{allow},{deny}"), format!("{deny},{allow}")] {
        let policy = repository(&format!(r#"{{"Statement":[{statements}]}}"#));
        assert_eq!(told(&ask(&policy, &user("x"), "ecr:DeleteRepository", &[])), "deny d");
        assert_eq!(told(&ask(&policy, &user("x"), "ecr:PutImage", &[])), "deny d");
        assert_eq!(told(&ask(&policy, &user("x"), "ecr:ListImages", &[])), "allow a");
    }
}

#[test]
fn the_nearest_allowance_is_told() {
    let policy = repository(
        r#"{"Statement":[{"Sid":"all","Effect":"Allow","Principal":"*","Action":"ecr:*"},
            {"Sid":"account","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"ecr:*"},
            {"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/x"},"Action":"ecr:*"}]}"#,
    );
    assert_eq!(told(&ask(&policy, &user("x"), "ecr:A", &[])), "allow one");
    assert_eq!(told(&ask(&policy, &user("y"), "ecr:A", &[])), "allow account");
    assert_eq!(told(&ask(&policy, &Caller::Anonymous, "ecr:A", &[])), "allow all");
}

#[test]
fn opposites() {
    let policy = repository(
        r#"{"Statement":[
            {"Sid":"d","Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:user/Bob",
             "arn:aws:iam::123456789012:root"]},"NotAction":"ecr:Get*"},
            {"Sid":"a","Effect":"Allow","Principal":"*","NotAction":["ecr:Delete*"]}]}"#,
    );
    assert_eq!(told(&ask(&policy, &user("Alice"), "ecr:PutImage", &[])), "deny d");
    assert_eq!(told(&ask(&policy, &user("Alice"), "ecr:GetX", &[])), "allow a");
    assert_eq!(told(&ask(&policy, &user("Bob"), "ecr:PutImage", &[])), "allow a");
    assert_eq!(told(&ask(&policy, &user("Bob"), "ecr:DeleteX", &[])), "none");
}

#[test]
fn variables_are_of_the_newer_language() {
    let text = |version: &str| {
        format!(
            r#"{{"Version":"{version}","Statement":[{{"Effect":"Allow","Principal":"*","Action":"ecr:*",
                "Condition":{{"StringEquals":{{"aws:PrincipalTag/team":"${{aws:username}}"}}}}}}]}}"#
        )
    };
    let tagged = |version: &str, team: &str| {
        let context = [("aws:PrincipalTag/team", team), ("aws:username", "alice")];
        told(&ask(&repository(&text(version)), &user("alice"), "ecr:A", &context))
    };
    assert_eq!(tagged("2012-10-17", "alice"), "allow 0");
    assert_eq!(tagged("2008-10-17", "alice"), "none");
    assert_eq!(tagged("2008-10-17", "${aws:username}"), "allow 0");
}

#[test]
fn refusals_name_the_place() {
    let statement = |extra: &str| {
        format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"ecr:*"}},{{{extra}}}]}}"#)
    };
    let base = r#""Effect":"Allow","Principal":"*","Action":"ecr:*""#;
    for (text, wanted) in [
        ("", "EOF"),
        ("[]", "at its top level"),
        ("{}", "missing field `Statement`"),
        (r#"{"Statement":[]}"#, "at Statement, there is none"),
        (r#"{"Statement":[],"Statements":1}"#, "at Statements, unknown field"),
        (r#"{"Version":"2020-01-01","Statement":[]}"#, "at Version, unknown variant"),
        (r#"{"Statement":"x"}"#, "a statement or a list of statements"),
        (r#"{"Statement":[]} {}"#, "trailing characters"),
        (&statement(r#""Principal":"*","Action":"ecr:*""#), "at Statement[1], missing field `Effect`"),
        (
            &statement(r#""Effect":"allow","Principal":"*","Action":"ecr:*""#),
            "at Statement[1].Effect, unknown variant",
        ),
        (&statement(&format!("{base},\"Efect\":1")), "unknown field `Efect`"),
        (&statement(&format!("{base},\"Condition\":null")), "at Statement[1].Condition, invalid type: null"),
        (&statement(&format!("{base},\"Sid\":null")), "at Statement[1].Sid, invalid type: null"),
        (&statement(&format!("{base},\"Action\":\"ecr:*\"")), "duplicate field `Action`"),
        (
            &statement(&format!("{base},\"Resource\":\"*\"")),
            "at Statement[1].Resource, a repository's policy",
        ),
        (&statement(&format!("{base},\"NotAction\":\"ecr:*\"")), "cannot stand beside Action"),
        (&statement(r#""Effect":"Allow","Action":"ecr:*""#), "at Statement[1].Principal, it is missing"),
        (&statement(r#""Effect":"Allow","NotPrincipal":"*","Action":"ecr:*""#), "only goes with Deny"),
        (&statement(r#""Effect":"Allow","Principal":"alice","Action":"ecr:*""#), "expected \"*\" or"),
        (
            &statement(r#""Effect":"Allow","Principal":{"AWS":"alice"},"Action":"ecr:*""#),
            "\"alice\" is no principal",
        ),
        (&statement(r#""Effect":"Allow","Principal":{"Aws":"*"},"Action":"ecr:*""#), "unknown field `Aws`"),
        (&statement(r#""Effect":"Allow","Principal":{},"Action":"ecr:*""#), "it names nobody"),
        (&statement(r#""Effect":"Allow","Principal":"*""#), "at Statement[1].Action, it is missing"),
        (&statement(r#""Effect":"Allow","Principal":"*","Action":[]"#), "the list is empty"),
        (
            &statement(r#""Effect":"Allow","Principal":"*","Action":["s3:GetObject"]"#),
            "\"s3:GetObject\" is no action",
        ),
        (
            &statement(r#""Effect":"Allow","Principal":"*","Action":[["ecr:*","ecr:*"]]"#),
            "a list inside of a list",
        ),
        (
            &statement(&format!("{base},\"Condition\":{{\"IsEqual\":{{\"aws:a\":\"x\"}}}}")),
            "at Statement[1].Condition, IsEqual.aws:a: \"IsEqual\" is no condition operator",
        ),
        (
            &statement(&format!(
                "{base},\"Condition\":{{\"Bool\":{{\"aws:a\":true}},\"Bool\":{{\"aws:b\":true}}}}"
            )),
            "\"Bool\" appears twice",
        ),
        (
            &format!(r#"{{"Statement":[{{"Sid":"x",{base}}},{{"Sid":"x",{base}}}]}}"#),
            "at Statement[1].Sid, another statement",
        ),
    ] {
        let error = Policy::parse(text, PolicyKind::Repository).unwrap_err().to_string();
        let start = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided";
        assert!(error.starts_with(start) && error.contains(wanted), "{error}\nwanted {wanted}");
    }
    let registry = format!(r#"{{"Statement":[{{{base}}}]}}"#);
    let error = Policy::parse(&registry, PolicyKind::Registry).unwrap_err().to_string();
    assert!(
        error.contains("Invalid registry policy provided: at Statement[0].Resource, it is missing"),
        "{error}"
    );
}

#[test]
fn floods_are_refused() {
    assert!(
        Policy::parse(&" ".repeat(10_241), PolicyKind::Registry).unwrap_err().to_string().contains("10240")
    );
    for deep in
        ["[".repeat(10_000), "{\"Statement\":".repeat(700), format!("{{\"Statement\":{}", "[".repeat(9000))]
    {
        assert!(Policy::parse(&deep, PolicyKind::Registry).is_err());
    }
}

/// Pieces that policies are made of, thrown together: what comes out is close enough to reach every reader.
fn scraps() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "*",
        "ecr:*",
        "",
        "${aws:username}",
        "${",
        "arn:aws:iam::123456789012:root",
        "arn:aws:ecr:*",
        "10.0.0.0/8",
        "::1/129",
        "true",
        "1e400",
        "2026-02-30",
        "ü?*",
        "Allow",
        "Deny",
    ]);
    let json = prop_oneof![
        value.prop_map(|text| format!("\"{text}\"")),
        prop::sample::select(vec!["null", "true", "-1", "1.5", "[]", "{}", "[[]]"]).prop_map(str::to_owned),
    ];
    let name = prop::sample::select(vec![
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "Condition",
        "AWS",
        "Service",
        "Bool",
        "Null",
        "StringLike",
        "ForAnyValue:ArnLikeIfExists",
        "IpAddress",
        "DateEquals",
        "aws:x",
        "Statement",
    ]);
    json.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(scrap in scraps(), known in any::<bool>()) {
        let caller = if known { user("x") } else { Caller::Anonymous };
        let deny = r#""Effect":"Deny","Action":"*","Resource":"*""#;
        let texts = [
            scrap.clone(),
            format!(r#"{{"Version":"2012-10-17","Statement":{scrap}}}"#),
            format!(r#"{{"Statement":{{{deny},"Principal":"*","Condition":{scrap}}}}}"#),
            format!(r#"{{"Statement":{{{deny},"NotPrincipal":{scrap}}}}}"#),
        ];
        for text in texts {
            for kind in [PolicyKind::Repository, PolicyKind::Registry] {
                if let Ok(policy) = Policy::parse(&text, kind) {
                    ask(&policy, &caller, "ecr:PutImage", &[("aws:x", "10.1.2.3"), ("aws:username", "*")]);
                }
            }
        }
        let _ = crate::lifecycle::LifecyclePolicy::parse(&format!(r#"{{"rules":[{scrap}]}}"#));
    }
}
