//! What is read, and what is refused with which words.

use super::*;

fn error(text: &str) -> String {
    LifecyclePolicy::parse(text).unwrap_err().to_string()
}

/// A policy of rules whose selections and actions these are, numbered from 1.
fn rules(rules: &[(&str, &str)]) -> String {
    let rule = |(at, (selection, action)): (usize, &(&str, &str))| {
        format!(r#"{{"rulePriority":{},"selection":{{{selection}}},"action":{{{action}}}}}"#, at + 1)
    };
    format!(r#"{{"rules":[{}]}}"#, rules.iter().enumerate().map(rule).collect::<Vec<_>>().join(","))
}

const EXPIRE: &str = r#""type":"expire""#;
const ARCHIVE: &str = r#""type":"transition","targetStorageClass":"archive""#;
const UNTAGGED: &str = r#""tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":1"#;
const ANY: &str = r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":1"#;
const ANY_ARCHIVED: &str = r#""tagStatus":"any","storageClass":"archive","countType":"sinceImageTransitioned","countUnit":"days","countNumber":90"#;

fn tagged(lists: &str) -> String {
    format!(r#""tagStatus":"tagged",{lists},"countType":"imageCountMoreThan","countNumber":1"#)
}

#[test]
fn reads_the_manuals_template() {
    let policy = LifecyclePolicy::parse(
        r#"{"rules":[
            {"rulePriority":2,"selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days",
             "countNumber":60},"action":{"type":"transition","targetStorageClass":"archive"}},
            {"rulePriority":1,"description":"Expire images older than 14 days","selection":{"tagStatus":"tagged",
             "tagPatternList":["prod*"],"countType":"sinceImagePushed","countUnit":"days","countNumber":14},
             "action":{"type":"expire"}},
            {"rulePriority":300,"selection":{"tagStatus":"any","storageClass":"archive",
             "countType":"sinceImageTransitioned","countUnit":"days","countNumber":365},"action":{"type":"expire"}}
        ]}"#,
    )
    .unwrap();
    let [first, second, third] = policy.rules() else { panic!("three rules") };
    assert_eq!(first.priority, 1, "in order of priority, whatever the order in the text");
    assert_eq!(first.description.as_deref(), Some("Expire images older than 14 days"));
    assert_eq!(first.selection.tags, Tags::Patterns(vec!["prod*".into()]));
    assert_eq!(first.selection.count, Count::DaysSincePushed(14));
    assert_eq!((second.action, second.selection.count), (Action::ARCHIVE, Count::DaysSincePulled(60)));
    assert_eq!(second.selection.storage, StorageClass::Standard, "standard where nothing is said");
    assert_eq!((third.priority, third.selection.storage), (300, StorageClass::Archive));
    assert_eq!(third.selection.count, Count::DaysSinceTransitioned(365));
}

#[test]
fn texts_that_are_no_policy() {
    let refusal = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: \
                   'Lifecycle policy validation failure: ";
    for text in ["", "{", "[]", "1", "\"rules\"", &"[".repeat(20_000)] {
        let error = error(text);
        assert!(
            error.starts_with(&format!("{refusal}Could not map policyString into LifecyclePolicy.")),
            "{error}"
        );
    }
    assert!(error(&" ".repeat(30_721)).contains("less than or equal to 30720"));
}

#[test]
fn what_the_schema_refuses() {
    let untagged = |extra: &str| format!("{UNTAGGED},{extra}");
    for (text, wanted) in [
        ("{}".to_owned(), r#"object has missing required properties (["rules"]) at /"#),
        (
            r#"{"rules":{}}"#.to_owned(),
            r#"instance type (object) does not match any allowed primitive type (allowed: ["array"]) at /rules"#,
        ),
        (r#"{"rules":[]}"#.to_owned(), "array is too short"),
        (rules(&[(UNTAGGED, EXPIRE); 51]), "array is too long: must have at most 50 elements"),
        (
            r#"{"rules":["a"]}"#.to_owned(),
            r#"instance type (string) does not match any allowed primitive type (allowed: ["object"]) at /rules/0"#,
        ),
        (
            r#"{"rules":[{"rulePriority":1}]}"#.to_owned(),
            r#"object has missing required properties (["action","selection"])"#,
        ),
        (
            r#"{"rules":[{"x":1,"rulePriority":1}]}"#.to_owned(),
            r#"object instance has properties which are not allowed by the schema: (["x"])"#,
        ),
        (
            rules(&[(&untagged(r#""tagPattern":1"#), EXPIRE)]),
            r#"not allowed by the schema: (["tagPattern"]) at /rules/0/selection"#,
        ),
        (
            rules(&[(UNTAGGED, r#""type":"keep""#)]),
            r#"instance value ("keep") not found in enum (possible values: ["expire","transition"]) at /rules/0/action/type"#,
        ),
        (
            rules(&[(r#""tagStatus":"all","countType":"x","countNumber":1"#, EXPIRE)]),
            r#"instance value ("all") not found in enum (possible values: ["any","tagged","untagged"])"#,
        ),
        (
            rules(&[(r#""tagStatus":"any","countType":"x","countNumber":1"#, EXPIRE)]),
            r#"instance value ("x") not found in enum"#,
        ),
        (
            rules(&[(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":0"#, EXPIRE)]),
            "numeric instance is lower than the required minimum (minimum: 1, found: 0) at /rules/0/selection/countNumber",
        ),
        (
            rules(&[(
                r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":3000000000"#,
                EXPIRE,
            )]),
            "greater than the required maximum",
        ),
        (
            rules(&[(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":1.5"#, EXPIRE)]),
            "instance type (number)",
        ),
        (
            rules(&[(r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":"1""#, EXPIRE)]),
            "instance type (string)",
        ),
        (
            rules(&[(&untagged(r#""countUnit":"days""#), EXPIRE)]),
            "instance failed to match exactly one schema (matched 0 out of 2)",
        ),
        (rules(&[(&untagged(r#""countUnit":"weeks""#), EXPIRE)]), r#"(possible values: ["days"])"#),
        (
            rules(&[(r#""tagStatus":"any","countType":"sinceImagePushed","countNumber":1"#, EXPIRE)]),
            "sinceImagePushed needs the countUnit days",
        ),
        (
            rules(&[(UNTAGGED, r#""type":"expire","targetStorageClass":null"#)]),
            "instance failed to match exactly one schema (matched 0 out of 2)",
        ),
        (rules(&[(UNTAGGED, r#""type":"transition""#)]), "transition needs the targetStorageClass archive"),
        (
            rules(&[(UNTAGGED, r#""type":"transition","targetStorageClass":"standard""#)]),
            r#"(possible values: ["archive"])"#,
        ),
    ] {
        let found = error(&text);
        assert!(found.contains(wanted), "{found}\nwanted {wanted}");
    }
}

#[test]
fn what_does_not_go_together() {
    let since = |kind: &str, class: &str, days: u32| {
        format!(
            r#""tagStatus":"any","storageClass":"{class}","countType":"{kind}","countUnit":"days","countNumber":{days}"#
        )
    };
    for (selection, action, wanted) in [
        (
            r#""tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":1"#.to_owned(),
            EXPIRE,
            "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED",
        ),
        (tagged(r#""tagPrefixList":["a"],"tagPatternList":["a"]"#), EXPIRE, "Can only specify one of"),
        (
            format!(r#"{UNTAGGED},"tagPrefixList":["a"]"#),
            EXPIRE,
            "cannot be specified when tagStatus=UNTAGGED",
        ),
        (format!(r#"{ANY},"tagPatternList":["a"]"#), EXPIRE, "cannot be specified when tagStatus=ANY"),
        (tagged(r#""tagPatternList":[]"#), EXPIRE, "array is too short"),
        (tagged(r#""tagPatternList":[""]"#), EXPIRE, "is too short"),
        (tagged(r#""tagPatternList":[1]"#), EXPIRE, "at /rules/0/selection/tagPatternList/0"),
        (tagged(r#""tagPatternList":["test*1*2*3*4*5*6"]"#), EXPIRE, "at most 4 wildcards"),
        (
            since("sinceImagePulled", "standard", 1),
            EXPIRE,
            "sinceImagePulled only goes with the action transition",
        ),
        (since("sinceImagePushed", "archive", 1), EXPIRE, "go together"),
        (since("sinceImageTransitioned", "standard", 90), EXPIRE, "go together"),
        (since("sinceImageTransitioned", "archive", 90), ARCHIVE, "can only expire"),
        (since("sinceImageTransitioned", "archive", 89), EXPIRE, "(minimum: 90, found: 89)"),
    ] {
        let found = error(&rules(&[(&selection, action)]));
        assert!(found.contains(wanted), "{found}\nwanted {wanted}");
    }
    let four = tagged(r#""tagPatternList":["*test*1*2*3","test*1*2*3*"]"#);
    assert!(LifecyclePolicy::parse(&rules(&[(&four, EXPIRE)])).is_ok(), "the manual's valid example");
    for count in ["sinceImagePushed", "sinceImagePulled"] {
        assert!(LifecyclePolicy::parse(&rules(&[(&since(count, "standard", 1), ARCHIVE)])).is_ok());
    }
    assert!(LifecyclePolicy::parse(&rules(&[(ANY, ARCHIVE)])).is_ok());
}

#[test]
fn what_rules_refuse_of_each_other() {
    let (a, b) = (tagged(r#""tagPatternList":["a*","b*"]"#), tagged(r#""tagPatternList":["b*","a*"]"#));
    for (listed, wanted) in [
        (
            vec![(ANY, EXPIRE), (UNTAGGED, EXPIRE)],
            "Rule for tagStatus=ANY must have the lowest priority per storage class",
        ),
        (vec![(ANY, EXPIRE), (ANY, EXPIRE)], "Rule for tagStatus=ANY must have the lowest priority"),
        (
            vec![(UNTAGGED, EXPIRE), (UNTAGGED, ARCHIVE)],
            "Only one rule can select Untagged images per storage class",
        ),
        (vec![(&a, EXPIRE), (&b, EXPIRE)], "must be unique per storage class (rulePriority 1 and 2)"),
    ] {
        let found = error(&rules(&listed));
        assert!(found.contains(wanted), "{found}\nwanted {wanted}");
    }
    let same =
        rules(&[(UNTAGGED, EXPIRE), (ANY, EXPIRE)]).replace("\"rulePriority\":2", "\"rulePriority\":1");
    assert!(error(&same).contains("rulePriority must be unique"));
    let per_class = rules(&[(ANY_ARCHIVED, EXPIRE), (UNTAGGED, EXPIRE), (ANY, EXPIRE)]);
    assert!(LifecyclePolicy::parse(&per_class).is_ok(), "the archive is a class of its own");
    let kinds = [tagged(r#""tagPatternList":["a"]"#), tagged(r#""tagPrefixList":["a"]"#)];
    assert!(
        LifecyclePolicy::parse(&rules(&[(&kinds[0], EXPIRE), (&kinds[1], EXPIRE)])).is_ok(),
        "both kinds mix"
    );
}
