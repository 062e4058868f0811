//! JSON → policy.
//!
//! ECR checks the text with a JSON schema and says what that library says, then applies rules across rules with
//! sentences of its own. The sentences here begin with those words where they are known, since people search for
//! them, and go on with the place and the remedy, which ECR leaves out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::policy::{Action, Count, LifecyclePolicy, Rule, Selection, StorageClass, Tags};
use crate::{invalid::InvalidParameter, names::wildcard::Pattern};

impl LifecyclePolicy {
    /// Most characters of the text.
    pub const MAX_TEXT: usize = 30_720;
    /// Most rules.
    pub const MAX_RULES: usize = 50;
    /// Most `*` in one pattern.
    pub const MAX_STARS: usize = 4;
    /// Fewest days that an image spends in the archive before a rule may expire it.
    pub const MIN_DAYS_ARCHIVED: u64 = 90;

    /// Reads and checks a policy.
    ///
    /// The shortest text of the API's `PutLifecyclePolicy`, 100 characters, is that operation's affair: templates
    /// take shorter ones.
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        if text.chars().count() > Self::MAX_TEXT {
            let constraint = format!("Member must have length less than or equal to {}", Self::MAX_TEXT);
            return Err(InvalidParameter::new("LifecyclePolicyText", constraint));
        }
        let document: Value = serde_json::from_str(text).map_err(|error| {
            failure(&format!("Could not map policyString into LifecyclePolicy. ({error})"))
        })?;
        if !document.is_object() {
            return Err(failure("Could not map policyString into LifecyclePolicy. (it is no object)"));
        }
        let document = Place { value: &document, path: String::new() };
        let members = document.object(&["rules"], &[])?;
        let listed = document.member(members, "rules")?;
        let listed = listed.list(Self::MAX_RULES)?;
        let mut rules = listed.iter().map(rule).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        check_together(&rules)?;
        Ok(Self { rules })
    }
}

fn failure(sentence: &str) -> InvalidParameter {
    InvalidParameter::new("LifecyclePolicyText", format!("Lifecycle policy validation failure: {sentence}"))
}

/// What ECR says of combinations.
const NO_SCHEMA: &str = "instance failed to match exactly one schema (matched 0 out of 2)";

/// A value and where it is, as a JSON pointer.
struct Place<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> Place<'v> {
    fn fails(&self, sentence: &str) -> InvalidParameter {
        failure(&format!("{sentence} at {}", if self.path.is_empty() { "/" } else { &self.path }))
    }

    fn is_not(&self, wanted: &str) -> InvalidParameter {
        let kind = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        self.fails(&format!(
            "instance type ({kind}) does not match any allowed primitive type (allowed: [\"{wanted}\"])"
        ))
    }

    fn object(
        &self,
        required: &[&str],
        optional: &[&str],
    ) -> Result<&'v Map<String, Value>, InvalidParameter> {
        let members = self.value.as_object().ok_or_else(|| self.is_not("object"))?;
        let unknown = members.keys().map(String::as_str);
        let unknown = unknown.filter(|name| !required.contains(name) && !optional.contains(name));
        let unknown = quoted(unknown);
        if unknown != "[]" {
            return Err(self.fails(&format!(
                "object instance has properties which are not allowed by the schema: ({unknown})"
            )));
        }
        let missing = quoted(required.iter().copied().filter(|name| !members.contains_key(*name)));
        if missing != "[]" {
            return Err(self.fails(&format!("object has missing required properties ({missing})")));
        }
        Ok(members)
    }

    /// A member that [`Self::object`] requires.
    fn member(&self, members: &'v Map<String, Value>, name: &str) -> Result<Self, InvalidParameter> {
        let missing = || self.fails(&format!("object has missing required properties ([\"{name}\"])"));
        self.optional(members, name).ok_or_else(missing)
    }

    fn optional(&self, members: &'v Map<String, Value>, name: &str) -> Option<Self> {
        members.get(name).map(|value| Place { value, path: format!("{}/{name}", self.path) })
    }

    fn list(&self, most: usize) -> Result<Vec<Self>, InvalidParameter> {
        let items = self.value.as_array().ok_or_else(|| self.is_not("array"))?;
        if items.is_empty() {
            return Err(
                self.fails("array is too short: must have at least 1 elements but instance has 0 elements")
            );
        }
        if items.len() > most {
            let found = items.len();
            return Err(self.fails(&format!(
                "array is too long: must have at most {most} elements but instance has {found} elements"
            )));
        }
        let place = |(at, value)| Place { value, path: format!("{}/{at}", self.path) };
        Ok(items.iter().enumerate().map(place).collect())
    }

    fn text(&self) -> Result<&'v str, InvalidParameter> {
        self.value.as_str().ok_or_else(|| self.is_not("string"))
    }

    fn one_of(&self, possible: &[&'static str]) -> Result<&'static str, InvalidParameter> {
        let text = self.text()?;
        possible.iter().copied().find(|value| *value == text).ok_or_else(|| {
            let found: String = text.chars().take(60).collect();
            self.fails(&format!(
                "instance value ({found:?}) not found in enum (possible values: {})",
                quoted(possible.iter().copied())
            ))
        })
    }

    /// A whole number from 1 to the largest that ECR's 32 bits hold.
    fn positive(&self) -> Result<u32, InvalidParameter> {
        let Value::Number(number) = self.value else { return Err(self.is_not("integer")) };
        let most = i32::MAX.unsigned_abs();
        match number.as_i64() {
            Some(found) if found < 1 => Err(self.fails(&format!(
                "numeric instance is lower than the required minimum (minimum: 1, found: {found})"
            ))),
            Some(found) => u32::try_from(found).ok().filter(|found| *found <= most).ok_or_else(|| {
                self.fails(&format!(
                    "numeric instance is greater than the required maximum (maximum: {most}, found: {found})"
                ))
            }),
            None => Err(self.is_not("integer")),
        }
    }
}

/// `["a","b"]`, sorted.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<_> =
        names.map(|name| format!("{:?}", name.chars().take(60).collect::<String>())).collect();
    names.sort();
    format!("[{}]", names.join(","))
}

fn rule(place: &Place<'_>) -> Result<Rule, InvalidParameter> {
    let members = place.object(&["rulePriority", "selection", "action"], &["description"])?;
    let priority = place.member(members, "rulePriority")?.positive()?;
    let description = place.optional(members, "description").map(|text| text.text()).transpose()?;
    let action = action(&place.member(members, "action")?)?;
    let selection = selection(&place.member(members, "selection")?, action)?;
    Ok(Rule { priority, description: description.map(str::to_owned), selection, action })
}

fn action(place: &Place<'_>) -> Result<Action, InvalidParameter> {
    let members = place.object(&["type"], &["targetStorageClass"])?;
    let kind = place.member(members, "type")?.one_of(&["expire", "transition"])?;
    match (kind, place.optional(members, "targetStorageClass")) {
        ("expire", None) => Ok(Action::Expire),
        ("expire", Some(target)) => {
            Err(target.fails(&format!("{NO_SCHEMA}: expire takes no targetStorageClass, leave it out")))
        }
        (_, Some(target)) => target.one_of(&["archive"]).map(|_| Action::ARCHIVE),
        (_, None) => {
            Err(place.fails(&format!("{NO_SCHEMA}: transition needs the targetStorageClass archive")))
        }
    }
}

fn selection(place: &Place<'_>, action: Action) -> Result<Selection, InvalidParameter> {
    let members = place.object(
        &["tagStatus", "countType", "countNumber"],
        &["tagPatternList", "tagPrefixList", "storageClass", "countUnit"],
    )?;
    let tags = tags(place, members)?;
    let class = place.optional(members, "storageClass");
    let storage = match class.map(|class| class.one_of(&["standard", "archive"])).transpose()? {
        Some("archive") => StorageClass::Archive,
        _ => StorageClass::Standard,
    };
    let kind = place.member(members, "countType")?.one_of(&[
        "imageCountMoreThan",
        "sinceImagePushed",
        "sinceImagePulled",
        "sinceImageTransitioned",
    ])?;
    let number_at = place.member(members, "countNumber")?;
    let number = u64::from(number_at.positive()?);
    let unit = place.optional(members, "countUnit");
    if let Some(unit) = &unit {
        unit.one_of(&["days"])?;
    }
    let no_schema = |why: &str| place.fails(&format!("{NO_SCHEMA}: {why}"));
    match (kind, unit) {
        ("imageCountMoreThan", Some(_)) => {
            return Err(no_schema("imageCountMoreThan takes no countUnit, leave it out"));
        }
        ("imageCountMoreThan", None) | (_, Some(_)) => {}
        _ => return Err(no_schema(&format!("{kind} needs the countUnit days"))),
    }
    if (kind == "sinceImageTransitioned") != (storage == StorageClass::Archive) {
        return Err(no_schema(
            "the storageClass archive and the countType sinceImageTransitioned go together",
        ));
    }
    if storage == StorageClass::Archive && action != Action::Expire {
        return Err(no_schema("images in the archive can only expire"));
    }
    let count = match kind {
        "imageCountMoreThan" => Count::ImagesMoreThan(number),
        "sinceImagePushed" => Count::DaysSincePushed(number),
        "sinceImagePulled" if action == Action::Expire => {
            return Err(no_schema("sinceImagePulled only goes with the action transition"));
        }
        "sinceImagePulled" => Count::DaysSincePulled(number),
        _ if number < LifecyclePolicy::MIN_DAYS_ARCHIVED => {
            return Err(number_at.fails(&format!(
                "numeric instance is lower than the required minimum (minimum: {}, found: {number}), which images \
                 spend in the archive at least",
                LifecyclePolicy::MIN_DAYS_ARCHIVED
            )));
        }
        _ => Count::DaysSinceTransitioned(number),
    };
    Ok(Selection { tags, storage, count })
}

fn tags(place: &Place<'_>, members: &Map<String, Value>) -> Result<Tags, InvalidParameter> {
    let status = place.optional(members, "tagStatus").ok_or_else(|| place.fails("tagStatus is missing"))?;
    let status = status.one_of(&["tagged", "untagged", "any"])?;
    let lists = (place.optional(members, "tagPatternList"), place.optional(members, "tagPrefixList"));
    match (status, lists) {
        ("tagged", (Some(patterns), None)) => {
            let strings = strings(&patterns)?;
            if let Some(pattern) =
                strings.iter().find(|pattern| pattern.matches('*').count() > LifecyclePolicy::MAX_STARS)
            {
                return Err(patterns.fails(&format!(
                    "a pattern can have at most {} wildcards (*): {pattern}",
                    LifecyclePolicy::MAX_STARS
                )));
            }
            Ok(Tags::Patterns(strings.into_iter().map(Into::into).collect()))
        }
        ("tagged", (None, Some(prefixes))) => Ok(Tags::Prefixes(strings(&prefixes)?)),
        ("tagged", (Some(_), Some(_))) => Err(place.fails(
            "Can only specify one of tagPrefixList and tagPatternList when tagStatus=TAGGED; use one rule for each",
        )),
        ("tagged", (None, None)) => {
            Err(place.fails("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED"))
        }
        (_, (None, None)) if status == "any" => Ok(Tags::Any),
        (_, (None, None)) => Ok(Tags::Untagged),
        _ => Err(place.fails(&format!(
            "tagPrefixList and tagPatternList cannot be specified when tagStatus={}; leave them out",
            status.to_ascii_uppercase()
        ))),
    }
}

fn strings(place: &Place<'_>) -> Result<Vec<String>, InvalidParameter> {
    let items = place.list(usize::MAX)?;
    let item = |item: &Place<'_>| match item.text()? {
        "" => Err(item.fails("string \"\" is too short (length: 0, required minimum: 1)")),
        text => Ok(text.to_owned()),
    };
    items.iter().map(item).collect()
}

/// What has to hold between rules, given in order of priority.
fn check_together(rules: &[Rule]) -> Result<(), InvalidParameter> {
    for (earlier, rule) in rules.iter().zip(rules.iter().skip(1)) {
        if earlier.priority == rule.priority {
            let priority = rule.priority;
            return Err(failure(&format!("rulePriority must be unique: several rules have {priority}")));
        }
    }
    for (at, rule) in rules.iter().enumerate() {
        let same_class = |other: &&Rule| other.selection.storage == rule.selection.storage;
        let mut earlier = rules.iter().take(at).filter(same_class);
        let numbers = |other: &Rule| format!("(rulePriority {} and {})", other.priority, rule.priority);
        if let Some(any) = earlier.clone().find(|earlier| earlier.selection.tags == Tags::Any) {
            return Err(failure(&format!(
                "Rule for tagStatus=ANY must have the lowest priority per storage class {}",
                numbers(any)
            )));
        }
        if let Some(other) =
            earlier.find(|earlier| same_images(&earlier.selection.tags, &rule.selection.tags))
        {
            let sentence = if rule.selection.tags == Tags::Untagged {
                "Only one rule can select Untagged images per storage class"
            } else {
                "The set of tag prefixes or patterns must be unique per storage class"
            };
            return Err(failure(&format!("{sentence} {}", numbers(other))));
        }
    }
    Ok(())
}

/// Whether two conditions are the same but for the order of their strings.
fn same_images(a: &Tags, b: &Tags) -> bool {
    match (a, b) {
        (Tags::Patterns(a), Tags::Patterns(b)) => {
            let set = |patterns: &'_ [Pattern]| {
                patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<BTreeSet<_>>()
            };
            set(a) == set(b)
        }
        (Tags::Prefixes(a), Tags::Prefixes(b)) => {
            a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests;
