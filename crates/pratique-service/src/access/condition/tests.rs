//! Operators, one table each.

use super::*;

fn condition(operator: &str, values: &[&str]) -> Condition {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    Condition::read(operator, "aws:Key", &values, true).unwrap()
}

/// Whether the condition holds where the key has these values.
fn holds(operator: &str, wanted: &[&str], found: &[&str]) -> bool {
    let mut context = Context::default();
    context.set("AWS:key", found.iter().copied());
    context.set("aws:username", ["alice"]);
    condition(operator, wanted).holds(&context)
}

#[test]
fn operators() {
    for (operator, wanted, found, want) in [
        ("StringEquals", "a", "a", true),
        ("StringEquals", "a", "A", false),
        ("StringEquals", "a*", "ab", false),
        ("StringEquals", "a*", "a*", true),
        ("StringEquals", "x-${aws:username}", "x-alice", true),
        ("StringNotEquals", "a", "b", true),
        ("StringNotEquals", "a", "a", false),
        ("StringEqualsIgnoreCase", "Team", "tEAM", true),
        ("StringNotEqualsIgnoreCase", "Team", "team", false),
        ("StringLike", "a*c?", "abbcd", true),
        ("StringNotLike", "a*", "b", true),
        ("ArnEquals", "arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x", true),
        ("ArnLike", "arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x", false),
        ("ArnLike", "arn:aws:iam::1:role/*", "no-arn", false),
        ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::2:role/a", true),
        ("ArnNotEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", false),
        ("Bool", "true", "True", true),
        ("Bool", "false", "true", false),
        ("IpAddress", "203.0.113.0/24", "203.0.113.255", true),
        ("IpAddress", "203.0.113.0/24", "203.0.114.0", false),
        ("IpAddress", "203.0.113.7", "203.0.113.7", true),
        ("IpAddress", "0.0.0.0/0", "1.2.3.4", true),
        ("IpAddress", "0.0.0.0/0", "::1", false),
        ("IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("IpAddress", "2001:db8::/32", "2001:db8:1::1", true),
        ("IpAddress", "2001:db8::/32", "2001:db9::1", false),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", true),
        ("NumericEquals", "5", "5.0", true),
        ("NumericNotEquals", "5", "6", true),
        ("NumericLessThan", "5", "5", false),
        ("NumericLessThanEquals", "5", "5", true),
        ("NumericGreaterThan", "5", "6", true),
        ("NumericGreaterThanEquals", "5", "4", false),
        ("NumericLessThan", "5", "many", false),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", true),
        ("DateNotEquals", "2026-01-01", "2026-01-02T00:00:00Z", true),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", true),
        ("DateLessThanEquals", "1767225600", "2026-01-01T00:00:00Z", true),
        ("DateGreaterThan", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z", true),
        ("DateGreaterThanEquals", "2026-01-02", "2026-01-01T00:00:00Z", false),
    ] {
        assert_eq!(holds(operator, &[wanted], &[found]), want, "{operator} {wanted} {found}");
    }
}

#[test]
fn several_values_are_or_and_for_negated_operators_nor() {
    assert!(holds("StringEquals", &["a", "b"], &["b"]));
    assert!(!holds("StringNotEquals", &["a", "b"], &["b"]));
    assert!(holds("StringNotEquals", &["a", "b"], &["c"]));
    assert!(holds("IpAddress", &["10.0.0.0/8", "::1/128"], &["::1"]));
}

#[test]
fn keys_that_are_absent() {
    for (operator, want) in [
        ("StringEquals", false),
        ("StringNotEquals", true),
        ("IpAddress", false),
        ("NotIpAddress", true),
        ("StringEqualsIfExists", true),
        ("StringNotEqualsIfExists", true),
        ("ForAllValues:StringEquals", true),
        ("ForAllValues:StringNotEquals", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
    ] {
        let value = if operator.contains("Ip") { "10.0.0.0/8" } else { "a" };
        assert_eq!(holds(operator, &[value], &[]), want, "{operator}");
    }
    assert!(holds("Null", &["true"], &[]) && !holds("Null", &["false"], &[]));
    assert!(holds("Null", &["false"], &["x"]) && !holds("Null", &["true"], &["x"]));
    assert!(holds("StringEqualsIfExists", &["a"], &["a"]) && !holds("StringEqualsIfExists", &["a"], &["b"]));
}

#[test]
fn keys_with_several_values() {
    for (operator, found, want) in [
        ("ForAllValues:StringEquals", &["a", "b"][..], true),
        ("ForAllValues:StringEquals", &["a", "x"], false),
        ("ForAnyValue:StringEquals", &["a", "x"], true),
        ("ForAnyValue:StringEquals", &["x", "y"], false),
        ("ForAllValues:StringNotEquals", &["x", "a"], false),
        ("ForAllValues:StringNotLike", &["x", "y"], true),
        ("ForAnyValue:StringNotEquals", &["x", "a"], true),
        ("ForAnyValue:StringNotEquals", &["a", "b"], false),
    ] {
        assert_eq!(holds(operator, &["a", "b"], found), want, "{operator} {found:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for (operator, key, values) in [
        ("StringIs", "aws:a", &["x"][..]),
        ("stringequals", "aws:a", &["x"]),
        ("BinaryEquals", "aws:a", &["x"]),
        ("ForSomeValues:StringEquals", "aws:a", &["x"]),
        ("NullIfExists", "aws:a", &["true"]),
        ("ForAnyValue:Null", "aws:a", &["true"]),
        ("StringEquals", "aws:a", &[]),
        ("StringEquals", "", &["x"]),
        ("StringEquals", "SourceIp", &["x"]),
        ("Bool", "aws:a", &["yes"]),
        ("IpAddress", "aws:a", &["10.0.0.0/33"]),
        ("IpAddress", "aws:a", &["10.0.0.0/8/8"]),
        ("IpAddress", "aws:a", &["10.0.0.*"]),
        ("NumericEquals", "aws:a", &["NaN"]),
        ("DateEquals", "aws:a", &["tomorrow"]),
        ("ArnLike", "aws:a", &["role/x"]),
        ("StringLike", "aws:a", &["${aws:x"]),
    ] {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        assert!(Condition::read(operator, key, &values, true).is_err(), "{operator} {key} {values:?}");
    }
}
