//! Which findings are meant: criteria as Inspector's `FilterCriteria` has them.
//!
//! Criteria are joined by AND. The conditions of one criterion are joined by OR, but those that say NOT_EQUALS by AND: none
//! of them may be violated. A criterion about something that findings of images do not have (an EC2 instance's subnet) is
//! met by NOT_EQUALS alone.
//!
//! An answer may be *unknown*: that needs details of the image which are not at hand yet (see [`super`]). Logic with three
//! values then says whether they are needed at all.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use pratique_store::Micros;
use serde::{Deserialize, Serialize};

/// Criteria by their names: `severity`, `ecrImageRepositoryName`. Names that are not known are kept, and mean something
/// that no finding here has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Criteria(BTreeMap<String, Vec<Condition>>);

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// On a text.
    Text(TextCondition),
    /// On a tag.
    Map(MapCondition),
    /// On a number.
    Number(NumberCondition),
    /// On a time.
    Date(DateCondition),
    /// On a package.
    Package(Box<PackageCondition>),
}

/// How texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Comparison {
    /// It is this.
    Equals,
    /// It begins like this.
    Prefix,
    /// It is not this.
    NotEquals,
}

/// A condition on a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextCondition {
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub value: String,
}

/// A condition on a tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapCondition {
    /// How.
    pub comparison: Comparison,
    /// The tag's key.
    pub key: String,
    /// Its value; without, the key is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A condition on a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NumberCondition {
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_inclusive: Option<f64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_inclusive: Option<f64>,
}

/// A condition on a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DateCondition {
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_inclusive: Option<Timestamp>,
    /// Not after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_inclusive: Option<Timestamp>,
}

/// Conditions on one package, all of which it has to meet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(missing_docs, reason = "they are called what they are on")]
pub struct PackageCondition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<NumberCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_layer_hash: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_lambda_layer_arn: Option<TextCondition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_path: Option<TextCondition>,
}

/// What something has in place of a criterion.
#[derive(Debug, Clone)]
pub(crate) enum Values<'a> {
    /// That cannot be said yet.
    Unknown,
    /// Some texts, or none.
    Texts(Vec<Cow<'a, str>>),
    /// A number.
    Number(f64),
    /// A time.
    Time(Micros),
    /// Packages.
    Packages(Vec<PackageValues<'a>>),
}

/// What a package has. Where it is may not be known yet.
#[derive(Debug, Clone)]
pub(crate) struct PackageValues<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) version: &'a str,
    pub(crate) epoch: Option<u32>,
    pub(crate) release: Option<&'a str>,
    pub(crate) architecture: Option<String>,
    /// Layer and path; `None` if they are not known yet.
    pub(crate) place: Option<(Option<&'a str>, Option<&'a str>)>,
}

impl<'a> Values<'a> {
    pub(crate) const NOTHING: Self = Self::Texts(Vec::new());

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Texts(vec![text.into()])
    }
}

/// Something that criteria may fit.
pub(crate) trait Fields {
    /// What it has in place of the criterion of that name.
    fn get(&self, criterion: &str) -> Values<'_>;
}

/// Something that has nothing but a name.
struct Name<'a>(&'a str);

impl Fields for Name<'_> {
    fn get(&self, criterion: &str) -> Values<'_> {
        if criterion == "name" { Values::text(self.0) } else { Values::NOTHING }
    }
}

impl Condition {
    /// It is this text.
    pub fn equals(value: impl Into<String>) -> Self {
        Self::Text(TextCondition { comparison: Comparison::Equals, value: value.into() })
    }
}

impl Criteria {
    /// Adds a criterion.
    pub fn add(&mut self, name: &str, conditions: impl IntoIterator<Item = Condition>) {
        self.0.entry(name.to_owned()).or_default().extend(conditions);
    }

    /// The conditions of a criterion.
    pub fn conditions(&self, name: &str) -> &[Condition] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether something of that name meets the criterion `name`, which has to be the only one.
    pub fn fits_name(&self, name: &str) -> bool {
        self.fit(&Name(name)) == Some(true)
    }

    /// Whether `subject` meets all of them; `None` if details of it are needed to tell.
    pub(crate) fn fit(&self, subject: &impl Fields) -> Option<bool> {
        let each = self.0.iter().filter(|(_, conditions)| !conditions.is_empty());
        all(each.map(|(name, conditions)| fits(conditions, &subject.get(name))))
    }
}

/// Whether all are so.
fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

/// Whether any is so.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(answers.map(|answer| answer.map(|yes| !yes))).map(|none| !none)
}

fn fits(conditions: &[Condition], values: &Values<'_>) -> Option<bool> {
    if matches!(values, Values::Unknown) {
        return None;
    }
    let forbids = |condition: &&Condition| matches!(condition, Condition::Text(text) if text.comparison == Comparison::NotEquals);
    let kept = all(conditions.iter().filter(forbids).map(|condition| meets(condition, values)));
    let mut others = conditions.iter().filter(|condition| !forbids(condition)).peekable();
    let met = if others.peek().is_none() {
        Some(true)
    } else {
        any(others.map(|condition| meets(condition, values)))
    };
    all([kept, met].into_iter())
}

/// Whether one condition is met. One of another kind than the value is met by nothing.
fn meets(condition: &Condition, values: &Values<'_>) -> Option<bool> {
    match (condition, values) {
        (_, Values::Unknown) => None,
        (Condition::Text(condition), Values::Texts(texts)) => Some(match condition.comparison {
            Comparison::NotEquals => texts.iter().all(|text| condition.accepts(Some(text))),
            _ => texts.iter().any(|text| condition.accepts(Some(text))),
        }),
        (Condition::Number(condition), Values::Number(number)) => Some(condition.accepts(*number)),
        // Without bounds either is meant.
        (Condition::Date(condition), Values::Time(time)) => Some(condition.accepts(*time)),
        (
            Condition::Number(NumberCondition { lower_inclusive: None, upper_inclusive: None }),
            Values::Time(_),
        ) => Some(true),
        (Condition::Package(condition), Values::Packages(packages)) => {
            any(packages.iter().map(|package| condition.accepts(package)))
        }
        (Condition::Text(condition), _) => Some(condition.comparison == Comparison::NotEquals),
        _ => Some(false),
    }
}

impl TextCondition {
    /// Whether a text, or the lack of one, meets it.
    fn accepts(&self, text: Option<&str>) -> bool {
        match (self.comparison, text) {
            (Comparison::NotEquals, text) => text != Some(&self.value),
            (_, None) => false,
            (Comparison::Equals, Some(text)) => text == self.value,
            (Comparison::Prefix, Some(text)) => text.starts_with(&self.value),
        }
    }
}

impl NumberCondition {
    fn accepts(&self, number: f64) -> bool {
        self.lower_inclusive.is_none_or(|lower| lower <= number)
            && self.upper_inclusive.is_none_or(|upper| number <= upper)
    }
}

impl DateCondition {
    fn accepts(&self, time: Micros) -> bool {
        self.start_inclusive.is_none_or(|start| start.as_microsecond() <= time)
            && self.end_inclusive.is_none_or(|end| time <= end.as_microsecond())
    }
}

impl PackageCondition {
    fn accepts(&self, package: &PackageValues<'_>) -> Option<bool> {
        let text = |condition: &Option<TextCondition>, value: Option<&str>| {
            Some(condition.as_ref().is_none_or(|condition| condition.accepts(value)))
        };
        let placed = |condition: &Option<TextCondition>, value: Option<Option<&str>>| match condition {
            None => Some(true),
            Some(condition) => value.map(|value| condition.accepts(value)),
        };
        let epoch =
            self.epoch.is_none_or(|epoch| package.epoch.is_some_and(|found| epoch.accepts(f64::from(found))));
        all([
            text(&self.name, Some(&package.name)),
            text(&self.version, Some(package.version)),
            Some(epoch),
            text(&self.release, package.release),
            text(&self.architecture, package.architecture.as_deref()),
            text(&self.source_lambda_layer_arn, None),
            placed(&self.source_layer_hash, package.place.map(|(layer, _)| layer)),
            placed(&self.file_path, package.place.map(|(_, path)| path)),
        ]
        .into_iter())
    }
}
