//! The rules, as data. `docs/risk-policy.md` explains them to those who write them.
//!
//! ```
//! let policy = pratique_policy::RiskPolicy::from_json(r#"{
//!   "ruleSets": [
//!     {"repositories": ["sandbox/*"], "rules": []},
//!     {"rules": [
//!       {"name": "exploited", "when": {"knownExploited": true},
//!        "then": {"risk": "CRITICAL", "action": "IMMEDIATE_BLOCK", "compliance": "FAIL"}},
//!       {"name": "many-high", "when": {"severities": ["high"], "fixAvailable": true, "moreThan": 5},
//!        "then": {"risk": "HIGH", "action": "REVIEW_REQUIRED", "compliance": "PASS"}}
//!     ]}
//!   ],
//!   "exceptions": [
//!     {"vulnerability": "CVE-2021-44228", "package": "log4j-core", "repository": "team/*",
//!      "reason": "lookups are switched off", "expires": "2026-12-31"}
//!   ]
//! }"#)?;
//! # Ok::<(), pratique_policy::BadPolicy>(())
//! ```

use pratique_advisory::Level;
use serde::{Deserialize, Serialize};

use crate::{
    exception::Exception,
    verdict::{Action, Compliance, Risk},
};

/// Rules about findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskPolicy {
    /// Rules by repository: the first set that is for the repository applies, and no other.
    pub rule_sets: Vec<RuleSet>,
    /// Findings to set aside before the rules see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// The rules for some repositories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSet {
    /// Patterns of repository names, of which one must fit; without any, every repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// In order: the first that holds decides, later ones that hold are reasons too.
    pub rules: Vec<Rule>,
    /// What is said where no rule holds.
    #[serde(default)]
    pub otherwise: Outcome,
}

/// When something holds, what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// By which reasons name it. Different from all others of its set.
    pub name: String,
    /// When it holds.
    pub when: Condition,
    /// What is said then.
    pub then: Outcome,
}

/// Counts vulnerabilities: those with a finding for which everything that is stated here is so. One vulnerability
/// counts once, in however many packages it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Condition {
    /// It has one of these severities; without any, whichever.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Level>,
    /// There is a version to go to.
    pub fix_available: bool,
    /// CISA lists it as exploited (KEV).
    pub known_exploited: bool,
    /// FIRST gives it at least this chance to be exploited within 30 days (EPSS), from 0 to 1. One without a score
    /// does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss_at_least: Option<f32>,
    /// The rule holds when there are more than so many.
    pub more_than: usize,
}

/// What a verdict says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// How great the risk is.
    pub risk: Risk,
    /// What is to be done.
    pub action: Action,
    /// Whether it complies.
    pub compliance: Compliance,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { risk: Risk::Low, action: Action::Monitor, compliance: Compliance::Pass }
    }
}

/// The assessment of the container security recipe: any critical vulnerability blocks; more than five high ones want
/// a review (and comply); all else is watched.
impl Default for RiskPolicy {
    fn default() -> Self {
        let rule = |name: &str, level, more_than, then| Rule {
            name: name.to_owned(),
            when: Condition { severities: vec![level], more_than, ..Condition::default() },
            then,
        };
        let block = Outcome { risk: Risk::Critical, action: Action::Block, compliance: Compliance::Fail };
        let review = Outcome { risk: Risk::High, action: Action::Review, compliance: Compliance::Pass };
        let rules = vec![rule("critical", Level::Critical, 0, block), rule("high", Level::High, 5, review)];
        Self {
            rule_sets: vec![RuleSet { repositories: Vec::new(), rules, otherwise: Outcome::default() }],
            exceptions: Vec::new(),
        }
    }
}

/// Bounds on policies that come from outside.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Rules in all sets.
    pub rules: usize,
    /// Exceptions.
    pub exceptions: usize,
    /// Patterns of one set.
    pub patterns: usize,
    /// Length of a name, a pattern or a reason, in bytes.
    pub text: usize,
}

impl Limits {
    /// What a server takes. Findings × exceptions are compared one by one, so exceptions are the dear part.
    pub const DEFAULT: Self =
        Self { bytes: 4 << 20, rules: 1000, exceptions: 10_000, patterns: 100, text: 2048 };
}

/// Why a policy is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadPolicy {
    /// Too much.
    #[error("the risk policy has {found} {what}; at most {most} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// Not the grammar.
    #[error("cannot read the risk policy at {field}: {reason}")]
    Syntax {
        /// Path of the field: `ruleSets[0].rules[1].when`.
        field: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// Written rightly, but it means nothing.
    #[error("the risk policy cannot be used at {field}: {reason}")]
    Meaning {
        /// Path of the field.
        field: String,
        /// What is wrong and what to write instead.
        reason: String,
    },
}

impl RiskPolicy {
    /// Reads and checks a policy. Unknown fields are errors: a misspelt condition must not become no condition.
    pub fn from_json(text: &str) -> Result<Self, BadPolicy> {
        let limits = Limits::DEFAULT;
        at_most("bytes", text.len(), limits.bytes)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let syntax = |field: String, error: &serde_json::Error| BadPolicy::Syntax {
            field: if field == "." { "its top level".to_owned() } else { field },
            reason: error.to_string(),
        };
        let policy: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| syntax(error.path().to_string(), error.inner()))?;
        reader.end().map_err(|error| syntax("its end".to_owned(), &error))?;
        policy.check(&limits)?;
        Ok(policy)
    }

    /// Checks what the grammar does not: bounds, names, probabilities.
    pub fn check(&self, limits: &Limits) -> Result<(), BadPolicy> {
        at_most("rules", self.rule_sets.iter().map(|set| set.rules.len()).sum(), limits.rules)?;
        at_most("rule sets", self.rule_sets.len(), limits.rules)?;
        at_most("exceptions", self.exceptions.len(), limits.exceptions)?;
        let meaning =
            |field: String, reason: &str| Err(BadPolicy::Meaning { field, reason: reason.to_owned() });
        let text = |field: String, text: &str| {
            if text.trim().is_empty() {
                return meaning(field, "it is empty");
            }
            if text.len() > limits.text {
                return meaning(field, &format!("it is longer than {} bytes", limits.text));
            }
            Ok(())
        };
        for (s, set) in self.rule_sets.iter().enumerate() {
            at_most("repository patterns in one set", set.repositories.len(), limits.patterns)?;
            for (p, pattern) in set.repositories.iter().enumerate() {
                text(format!("ruleSets[{s}].repositories[{p}]"), pattern)?;
            }
            if set.repositories.is_empty() && s + 1 < self.rule_sets.len() {
                return meaning(
                    format!("ruleSets[{s}].repositories"),
                    "a set for every repository hides those behind it: put it last, or name its repositories",
                );
            }
            for (r, rule) in set.rules.iter().enumerate() {
                let field = format!("ruleSets[{s}].rules[{r}]");
                text(format!("{field}.name"), &rule.name)?;
                if set.rules.iter().take(r).any(|other| other.name == rule.name) {
                    return meaning(format!("{field}.name"), "another rule of this set has the same name");
                }
                if rule.when.epss_at_least.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
                    return meaning(format!("{field}.when.epssAtLeast"), "a chance is a number from 0 to 1");
                }
            }
        }
        for (e, exception) in self.exceptions.iter().enumerate() {
            let field = |name: &str| format!("exceptions[{e}].{name}");
            text(field("vulnerability"), &exception.vulnerability)?;
            text(field("package"), &exception.package)?;
            text(field("repository"), &exception.repository)?;
            text(field("reason"), &exception.reason)?;
        }
        Ok(())
    }
}

fn at_most(what: &'static str, found: usize, most: usize) -> Result<(), BadPolicy> {
    if found > most { Err(BadPolicy::TooMany { what, found, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        RiskPolicy::from_json(text).unwrap_err().to_string()
    }

    const THEN: &str = r#"{"risk":"HIGH","action":"REVIEW_REQUIRED","compliance":"PASS"}"#;

    #[test]
    fn the_default_survives_being_written() {
        let text = serde_json::to_string(&RiskPolicy::default()).unwrap();
        assert_eq!(RiskPolicy::from_json(&text).unwrap(), RiskPolicy::default());
    }

    #[test]
    fn the_manuals_example_is_a_policy() {
        let page = include_str!("../../../docs/risk-policy.md");
        let (_, behind) = page.split_once("```json\n").unwrap();
        let (example, _) = behind.split_once("```").unwrap();
        let policy = RiskPolicy::from_json(example).unwrap();
        assert_eq!((policy.rule_sets.len(), policy.exceptions.len()), (2, 1));
    }

    #[test]
    fn errors_name_the_field() {
        let rule = |when: &str| {
            format!(r#"{{"ruleSets":[{{"rules":[{{"name":"x","when":{when},"then":{THEN}}}]}}]}}"#)
        };
        for (text, wanted) in [
            (
                rule(r#"{"fixAvailible":true}"#),
                "ruleSets[0].rules[0].when.fixAvailible: unknown field `fixAvailible`",
            ),
            (
                rule(r#"{"severities":["hihg"]}"#),
                "ruleSets[0].rules[0].when.severities[0]: unknown variant `hihg`",
            ),
            (rule(r#"{"moreThan":-1}"#), "ruleSets[0].rules[0].when.moreThan: invalid value"),
            (rule(r#"{"epssAtLeast":50}"#), "ruleSets[0].rules[0].when.epssAtLeast: a chance is"),
            ("{}".to_owned(), "missing field `ruleSets`"),
            (r#"{"ruleSets":[]} x"#.to_owned(), "trailing characters"),
            (
                r#"{"ruleSets":[{"rules":[]},{"rules":[]}]}"#.to_owned(),
                "ruleSets[0].repositories: a set for every",
            ),
            (
                r#"{"ruleSets":[],"exceptions":[{"vulnerability":"CVE-1","reason":" "}]}"#.to_owned(),
                "exceptions[0].reason: it is empty",
            ),
            (
                r#"{"ruleSets":[],"exceptions":[{"vulnerability":"x","reason":"y","expires":"soon"}]}"#
                    .to_owned(),
                "exceptions[0].expires: \"soon\" is neither a date",
            ),
            (
                format!(
                    r#"{{"ruleSets":[{{"rules":[{{"name":"x","when":{{}},"then":{THEN}}},{{"name":"x","when":{{}},"then":{THEN}}}]}}]}}"#
                ),
                "ruleSets[0].rules[1].name: another rule",
            ),
        ] {
            let found = error(&text);
            assert!(found.contains(wanted), "{found}\nwanted {wanted}");
        }
    }

    #[test]
    fn floods_are_refused() {
        assert!(error(&" ".repeat(5 << 20)).contains("bytes; at most"));
        let exception = r#"{"vulnerability":"x","reason":"y"}"#;
        let many = vec![exception; 10_001].join(",");
        assert!(error(&format!(r#"{{"ruleSets":[],"exceptions":[{many}]}}"#)).contains("10001 exceptions"));
        assert!(error(&"[".repeat(100_000)).contains("cannot read the risk policy"));
    }
}
