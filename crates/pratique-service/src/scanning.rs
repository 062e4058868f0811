//! Which images are scanned, and how: the registry's scanning configuration.
//!
//! The registry has one scan type. BASIC looks at packages of the operating system and scans on push or when asked;
//! ENHANCED looks at everything and scans on push or continuously. Up to two rules, one a frequency, name the
//! repositories.
//!
//! **When several rules fit**, it is not the first in the list that counts: the continuous filter is enforced over the
//! one for scans on push ("Filters to choose which repositories are scanned",
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html>). As there is one rule a
//! frequency, nothing else needs an order. The same page says what becomes of repositories that no filter fits:
//! under BASIC they are scanned when asked, under ENHANCED not at all.
//!
//! **Filters** are not all patterns: one without a `*` is a part of a name, one with a `*` is a pattern of whole names
//! (the same page; its table is a test here).
//!
//! **The repository's own `scanOnPush`** is the older setting: it counts under BASIC, and only while the registry has
//! no rules.
//!
//! How long continuous scanning goes on is [`rescan`]'s.

use serde::{Deserialize, Serialize};

use crate::{invalid::InvalidParameter, names::wildcard};

pub mod rescan;

/// How thoroughly images are scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanType {
    /// Packages of the operating system.
    #[default]
    Basic,
    /// Everything.
    Enhanced,
}

/// How often images are scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanFrequency {
    /// Once, when pushed.
    ScanOnPush,
    /// When pushed and whenever more is known.
    ContinuousScan,
    /// When asked.
    Manual,
}

/// Names repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepositoryFilter {
    /// A part of a name, or a pattern where there is a `*` in it.
    pub filter: String,
    /// How to read it.
    pub filter_type: FilterType,
}

/// How filters are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilterType {
    /// See [`RepositoryFilter::fits`].
    #[default]
    Wildcard,
}

impl RepositoryFilter {
    /// Most characters.
    pub const MAX: usize = 255;

    /// Whether the repository is meant: without a `*` its name has the text anywhere in it, with one the whole name
    /// fits.
    pub fn fits(&self, repository: &str) -> bool {
        if self.filter.contains('*') {
            wildcard::fits(&self.filter, repository)
        } else {
            repository.contains(&self.filter)
        }
    }

    /// `^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$`: no separator begins, ends or follows another.
    fn is_well_formed(&self) -> bool {
        let is_separator = |b: u8| matches!(b, b'.' | b'_' | b'-' | b'/');
        let is_other = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'*';
        // A separator at either end leaves an empty part, so do two in a row.
        (1..=Self::MAX).contains(&self.filter.len())
            && self.filter.bytes().all(|b| is_separator(b) || is_other(b))
            && self.filter.split(['.', '_', '-', '/']).all(|part| !part.is_empty())
    }
}

/// Scans some repositories at a frequency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanningRule {
    /// How often.
    pub scan_frequency: ScanFrequency,
    /// Which repositories: those that one of these fits.
    pub repository_filters: Vec<RepositoryFilter>,
}

/// The scanning configuration of the registry. Without any: BASIC, no rules. Checked whenever it is made, also when
/// it is read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Unchecked")]
pub struct RegistryScanning {
    scan_type: ScanType,
    rules: Vec<ScanningRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Unchecked {
    scan_type: ScanType,
    rules: Vec<ScanningRule>,
}

impl TryFrom<Unchecked> for RegistryScanning {
    type Error = InvalidParameter;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidParameter> {
        Self::new(unchecked.scan_type, Some(unchecked.rules))
    }
}

/// What the configuration says of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryScanning {
    /// How thoroughly.
    pub scan_type: ScanType,
    /// How often. `MANUAL` under ENHANCED means not at all: there is no scan to ask for.
    pub frequency: ScanFrequency,
    /// The filters of the rule that counts which fit.
    pub applied_filters: Vec<RepositoryFilter>,
}

impl RepositoryScanning {
    /// Whether an image is scanned when it is pushed.
    pub fn scans_on_push(&self) -> bool {
        self.frequency != ScanFrequency::Manual
    }

    /// Whether images are never scanned.
    pub fn is_off(&self) -> bool {
        self.scan_type == ScanType::Enhanced && self.frequency == ScanFrequency::Manual
    }
}

impl RegistryScanning {
    /// Most rules.
    pub const MAX_RULES: usize = 2;
    /// Most filters of a rule.
    pub const MAX_FILTERS: usize = 100;

    /// Checks a configuration. ENHANCED without rules (not: with none in the list) scans everything continuously.
    pub fn new(scan_type: ScanType, rules: Option<Vec<ScanningRule>>) -> Result<Self, InvalidParameter> {
        let rules = rules.unwrap_or_else(|| match scan_type {
            ScanType::Basic => Vec::new(),
            ScanType::Enhanced => {
                let every = RepositoryFilter { filter: "*".to_owned(), filter_type: FilterType::Wildcard };
                vec![ScanningRule {
                    scan_frequency: ScanFrequency::ContinuousScan,
                    repository_filters: vec![every],
                }]
            }
        });
        let invalid = |constraint: String| Err(InvalidParameter::new("rules", constraint));
        if rules.len() > Self::MAX_RULES {
            return invalid(format!("must have length less than or equal to {}", Self::MAX_RULES));
        }
        for (at, rule) in rules.iter().enumerate() {
            if rules.iter().take(at).any(|other| other.scan_frequency == rule.scan_frequency) {
                return invalid("must have at most one rule for each scanFrequency".to_owned());
            }
            match (scan_type, rule.scan_frequency) {
                (_, ScanFrequency::ScanOnPush) | (ScanType::Enhanced, ScanFrequency::ContinuousScan) => {}
                (ScanType::Basic, _) => {
                    return invalid(
                        "scanFrequency must be SCAN_ON_PUSH when scanType is BASIC; repositories that no rule names \
                         are scanned manually"
                            .to_owned(),
                    );
                }
                (ScanType::Enhanced, ScanFrequency::Manual) => {
                    return invalid(
                        "scanFrequency must be SCAN_ON_PUSH or CONTINUOUS_SCAN when scanType is ENHANCED"
                            .to_owned(),
                    );
                }
            }
            if rule.repository_filters.len() > Self::MAX_FILTERS {
                return invalid(format!(
                    "repositoryFilters must have length less than or equal to {}",
                    Self::MAX_FILTERS
                ));
            }
            if rule.repository_filters.iter().any(|filter| !filter.is_well_formed()) {
                return invalid(
                    "filter must satisfy regular expression '^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$' and have 1 \
                     to 255 characters"
                        .to_owned(),
                );
            }
        }
        Ok(Self { scan_type, rules })
    }

    /// How thoroughly images are scanned.
    pub fn scan_type(&self) -> ScanType {
        self.scan_type
    }

    /// The rules, as they were given.
    pub fn rules(&self) -> &[ScanningRule] {
        &self.rules
    }

    /// What applies to a repository whose own setting is `scan_on_push`.
    pub fn for_repository(&self, repository: &str, scan_on_push: bool) -> RepositoryScanning {
        let found = |frequency, applied_filters| RepositoryScanning {
            scan_type: self.scan_type,
            frequency,
            applied_filters,
        };
        for frequency in [ScanFrequency::ContinuousScan, ScanFrequency::ScanOnPush] {
            let rules = self.rules.iter().filter(|rule| rule.scan_frequency == frequency);
            let fitting =
                rules.flat_map(|rule| &rule.repository_filters).filter(|filter| filter.fits(repository));
            let applied: Vec<_> = fitting.cloned().collect();
            if !applied.is_empty() {
                return found(frequency, applied);
            }
        }
        let own = scan_on_push && self.scan_type == ScanType::Basic && self.rules.is_empty();
        found(if own { ScanFrequency::ScanOnPush } else { ScanFrequency::Manual }, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(scan_frequency: ScanFrequency, filters: &[&str]) -> ScanningRule {
        let filter =
            |filter: &&str| RepositoryFilter { filter: (*filter).into(), filter_type: FilterType::Wildcard };
        ScanningRule { scan_frequency, repository_filters: filters.iter().map(filter).collect() }
    }

    fn enhanced(rules: Vec<ScanningRule>) -> RegistryScanning {
        RegistryScanning::new(ScanType::Enhanced, Some(rules)).unwrap()
    }

    use ScanFrequency::{ContinuousScan, Manual, ScanOnPush};

    #[test]
    fn the_manuals_table_of_filters() {
        let repositories = ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"];
        for (filter, want) in [
            ("prod", [true, true, true, true, true]),
            ("*prod", [true, true, false, false, false]),
            ("prod*", [true, false, true, false, true]),
            ("*prod*", [true, true, true, true, true]),
            ("prod*repo", [false, false, true, false, true]),
        ] {
            let filter = RepositoryFilter { filter: filter.into(), filter_type: FilterType::Wildcard };
            assert_eq!(repositories.map(|repository| filter.fits(repository)), want, "{filter:?}");
        }
    }

    #[test]
    fn continuous_goes_before_on_push_in_either_order() {
        for rules in [
            vec![rule(ScanOnPush, &["*"]), rule(ContinuousScan, &["prod-*", "live"])],
            vec![rule(ContinuousScan, &["prod-*", "live"]), rule(ScanOnPush, &["*"])],
        ] {
            let scanning = enhanced(rules);
            let production = scanning.for_repository("prod-live", false);
            assert_eq!((production.frequency, production.applied_filters.len()), (ContinuousScan, 2));
            let other = scanning.for_repository("test", false);
            assert_eq!(other.frequency, ScanOnPush);
            assert_eq!(other.applied_filters[0].filter, "*");
        }
    }

    #[test]
    fn what_no_rule_names_is_manual_or_off() {
        let basic = RegistryScanning::new(ScanType::Basic, Some(vec![rule(ScanOnPush, &["a"])])).unwrap();
        let unnamed = basic.for_repository("b", true);
        assert_eq!((unnamed.frequency, unnamed.is_off()), (Manual, false), "the own setting yields to rules");
        let none = RegistryScanning::default();
        assert_eq!(none.for_repository("b", true).frequency, ScanOnPush);
        assert_eq!(none.for_repository("b", false).frequency, Manual);
        let off = enhanced(vec![]).for_repository("b", true);
        assert!(off.is_off() && !off.scans_on_push());
        let everything = RegistryScanning::new(ScanType::Enhanced, None).unwrap();
        assert_eq!(everything.for_repository("b", false).frequency, ContinuousScan);
    }

    #[test]
    fn refuses_what_ecr_refuses() {
        let long = "a".repeat(256);
        let many = vec!["a"; 101];
        for (scan_type, rules, wanted) in [
            (ScanType::Basic, vec![rule(ContinuousScan, &["a"])], "SCAN_ON_PUSH when scanType is BASIC"),
            (ScanType::Basic, vec![rule(Manual, &["a"])], "SCAN_ON_PUSH when scanType is BASIC"),
            (ScanType::Enhanced, vec![rule(Manual, &["a"])], "SCAN_ON_PUSH or CONTINUOUS_SCAN"),
            (
                ScanType::Enhanced,
                vec![rule(ScanOnPush, &["a"]), rule(ScanOnPush, &["b"])],
                "one rule for each",
            ),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &[]); 3], "less than or equal to 2"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &many)], "less than or equal to 100"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &[""])], "regular expression"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &["Prod"])], "regular expression"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &["prod-"])], "regular expression"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &["a--b"])], "regular expression"),
            (ScanType::Enhanced, vec![rule(ScanOnPush, &[&long])], "regular expression"),
        ] {
            let error = RegistryScanning::new(scan_type, Some(rules)).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}, wanted {wanted}");
        }
        for filter in ["*", "prod", "team/*", "a.b_c-d/e", "*a*", "a-*"] {
            enhanced(vec![rule(ScanOnPush, &[filter])]);
        }
    }

    #[test]
    fn reads_the_recipes_rules() {
        let text = r#"[{"scanFrequency":"CONTINUOUS_SCAN","repositoryFilters":[{"filter":"*","filterType":"WILDCARD"}]}]"#;
        let rules: Vec<ScanningRule> = serde_json::from_str(text).unwrap();
        let written = serde_json::to_string(&enhanced(rules)).unwrap();
        assert_eq!(written, format!(r#"{{"scanType":"ENHANCED","rules":{text}}}"#));
        assert_eq!(serde_json::from_str::<RegistryScanning>(&written).unwrap().rules().len(), 1);
        assert!(serde_json::from_str::<RegistryScanning>(&written.replace("ENHANCED", "BASIC")).is_err());
    }
}
