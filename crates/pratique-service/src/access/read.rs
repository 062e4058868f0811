//! JSON → policy.
//!
//! ECR refuses a policy with no more than `Invalid repository policy provided`. The refusals here begin so and go on
//! with the place and the remedy.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{
    arn::ArnPattern,
    condition::Condition,
    policy::{Effect, Either, Policy, PolicyKind, Statement},
    principal::PrincipalList,
};
use crate::invalid::InvalidParameter;

impl Policy {
    /// Most characters of the text. It bounds everything in a policy.
    pub const MAX_TEXT: usize = 10_240;

    /// Reads and checks a policy.
    pub fn parse(text: &str, kind: PolicyKind) -> Result<Self, InvalidParameter> {
        if text.chars().count() > Self::MAX_TEXT {
            let constraint = format!("Member must have length less than or equal to {}", Self::MAX_TEXT);
            return Err(InvalidParameter::new("PolicyText", constraint));
        }
        let refused = |field: &str, reason: &str| {
            let field = if field == "." { "its top level" } else { field };
            InvalidParameter::new("PolicyText", format!("{}: at {field}, {reason}", kind.refusal()))
        };
        let mut reader = serde_json::Deserializer::from_str(text);
        let document: Document = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| refused(&error.path().to_string(), &error.inner().to_string()))?;
        reader.end().map_err(|error| refused("its end", &error.to_string()))?;
        if document.statement.0.is_empty() {
            return Err(refused("Statement", "there is none"));
        }
        let variables = document.version == Version::Current;
        let mut statements: Vec<Statement> = Vec::with_capacity(document.statement.0.len());
        for (at, written) in document.statement.0.into_iter().enumerate() {
            let read = written.check(kind, variables);
            let statement =
                read.map_err(|(element, reason)| refused(&format!("Statement[{at}].{element}"), &reason))?;
            if statement.sid.is_some() && statements.iter().any(|other| other.sid == statement.sid) {
                return Err(refused(&format!("Statement[{at}].Sid"), "another statement has the same"));
            }
            statements.push(statement);
        }
        Ok(Self { statements })
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default)]
    version: Version,
    #[serde(default, deserialize_with = "present", rename = "Id")]
    _id: Option<String>,
    statement: Statements,
}

/// The language's version. Without one it is the old one, which has no variables.
#[derive(Default, PartialEq, Eq, serde::Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Current,
    #[default]
    #[serde(rename = "2008-10-17")]
    Old,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(default, deserialize_with = "present")]
    sid: Option<String>,
    effect: Effect,
    #[serde(default, deserialize_with = "present")]
    principal: Option<Principals>,
    #[serde(default, deserialize_with = "present")]
    not_principal: Option<Principals>,
    #[serde(default, deserialize_with = "present")]
    action: Option<Strings>,
    #[serde(default, deserialize_with = "present")]
    not_action: Option<Strings>,
    #[serde(default, deserialize_with = "present")]
    resource: Option<Strings>,
    #[serde(default, deserialize_with = "present")]
    not_resource: Option<Strings>,
    #[serde(default)]
    condition: Conditions,
}

/// What is wrong, and with which element.
type Wrong = (&'static str, String);

impl Written {
    fn check(self, kind: PolicyKind, variables: bool) -> Result<Statement, Wrong> {
        let wrong = |element: &'static str| move |reason: String| (element, reason);
        let principal = match (self.principal, self.not_principal) {
            (Some(named), None) => Either::Of(named.check().map_err(wrong("Principal"))?),
            (None, Some(_)) if self.effect == Effect::Allow => {
                return Err((
                    "NotPrincipal",
                    "it only goes with Deny; name in Principal whom to allow".to_owned(),
                ));
            }
            (None, Some(named)) => Either::Not(named.check().map_err(wrong("NotPrincipal"))?),
            (None, None) => {
                return Err(("Principal", "it is missing; name whom the statement is about".to_owned()));
            }
            (Some(_), Some(_)) => {
                return Err(("NotPrincipal", "it cannot stand beside Principal".to_owned()));
            }
        };
        let action = match (self.action, self.not_action) {
            (Some(names), None) => Either::Of(actions(names).map_err(wrong("Action"))?),
            (None, Some(names)) => Either::Not(actions(names).map_err(wrong("NotAction"))?),
            (None, None) => {
                return Err(("Action", "it is missing; name what the statement is about".to_owned()));
            }
            (Some(_), Some(_)) => return Err(("NotAction", "it cannot stand beside Action".to_owned())),
        };
        let resource = match (kind, self.resource, self.not_resource) {
            (PolicyKind::Repository, None, None) => None,
            (PolicyKind::Repository, ..) => {
                let reason = "a repository's policy is about that repository; leave the resource out";
                return Err(("Resource", reason.to_owned()));
            }
            (PolicyKind::Registry, Some(arns), None) => {
                Some(Either::Of(resources(arns, variables).map_err(wrong("Resource"))?))
            }
            (PolicyKind::Registry, None, Some(arns)) => {
                Some(Either::Not(resources(arns, variables).map_err(wrong("NotResource"))?))
            }
            (PolicyKind::Registry, None, None) => {
                return Err(("Resource", "it is missing; write * for every repository".to_owned()));
            }
            (PolicyKind::Registry, Some(_), Some(_)) => {
                return Err(("NotResource", "it cannot stand beside Resource".to_owned()));
            }
        };
        let conditions = self.condition.0.iter().flat_map(|(operator, keys)| {
            keys.0.iter().map(move |(key, values)| {
                Condition::read(operator, key, &values.0, variables)
                    .map_err(|reason| ("Condition", format!("{operator}.{key}: {reason}")))
            })
        });
        let conditions = conditions.collect::<Result<_, _>>()?;
        Ok(Statement { sid: self.sid, effect: self.effect, principal, action, resource, conditions })
    }
}

/// Actions in lower case: `ecr:batchgetimage`.
fn actions(names: Strings) -> Result<Vec<String>, String> {
    let action = |name: String| {
        let lower = name.to_lowercase();
        let is_known = lower == "*" || lower.strip_prefix("ecr:").is_some_and(|rest| !rest.is_empty());
        if is_known {
            Ok(lower)
        } else {
            Err(format!("{name:?} is no action of the registry; write one like ecr:*"))
        }
    };
    not_empty(names)?.into_iter().map(action).collect()
}

fn resources(arns: Strings, variables: bool) -> Result<Vec<ArnPattern>, String> {
    not_empty(arns)?.iter().map(|arn| ArnPattern::read(arn, variables)).collect()
}

fn not_empty(strings: Strings) -> Result<Vec<String>, String> {
    if strings.0.is_empty() { Err("the list is empty".to_owned()) } else { Ok(strings.0) }
}

/// Reads a member that may be left out but not be `null`: nothing in a policy is passed over.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// One statement or a list of them.
struct Statements(Vec<Written>);

impl<'de> Deserialize<'de> for Statements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Vec<Written>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a statement or a list of statements")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Written::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|one| vec![one])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut statements = Vec::new();
                while let Some(statement) = list.next_element()? {
                    statements.push(statement);
                }
                Ok(statements)
            }
        }
        deserializer.deserialize_any(OneOrMore).map(Self)
    }
}

/// `"*"`, or names by kind.
enum Principals {
    Everyone,
    ByKind(ByKind),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ByKind {
    #[serde(default, deserialize_with = "present", rename = "AWS")]
    aws: Option<Strings>,
    #[serde(default, deserialize_with = "present", rename = "Service")]
    service: Option<Strings>,
}

impl Principals {
    fn check(self) -> Result<PrincipalList, String> {
        let by_kind = match self {
            Self::Everyone => return Ok(PrincipalList::everyone()),
            Self::ByKind(by_kind) => by_kind,
        };
        let mut list = PrincipalList::default();
        for name in by_kind.aws.iter().flat_map(|names| &names.0) {
            list.add_aws(name)?;
        }
        for name in by_kind.service.iter().flat_map(|names| &names.0) {
            list.add_service(name)?;
        }
        if list.is_empty() { Err("it names nobody".to_owned()) } else { Ok(list) }
    }
}

impl<'de> Deserialize<'de> for Principals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StarOrKinds;
        impl<'de> Visitor<'de> for StarOrKinds {
            type Value = Principals;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"*\" or {\"AWS\": …, \"Service\": …}")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == "*" {
                    return Ok(Principals::Everyone);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                ByKind::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Principals::ByKind)
            }
        }
        deserializer.deserialize_any(StarOrKinds)
    }
}

/// One text or a list of them. Truth values and numbers are their text, as conditions write them.
struct Strings(Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![text.to_owned()])
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(vec![value.to_string()])
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(vec![value.to_string()])
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(vec![value.to_string()])
            }

            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(vec![value.to_string()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(Strings(mut one)) = list.next_element()? {
                    match (one.pop(), one.is_empty()) {
                        (Some(text), true) => texts.push(text),
                        _ => return Err(A::Error::custom("a list inside of a list")),
                    }
                }
                Ok(texts)
            }
        }
        deserializer.deserialize_any(OneOrMore).map(Self)
    }
}

/// Members in the order of the text. One that appears twice is an error: a second `StringEquals` would silently
/// take the place of the first.
struct Members<T>(Vec<(String, T)>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

type Conditions = Members<Members<Strings>>;

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
            type Value = Vec<(String, T)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, T)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!(
                            "{name:?} appears twice; write both values as a list"
                        )));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Unique(std::marker::PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests;
