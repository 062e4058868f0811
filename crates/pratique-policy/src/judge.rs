//! Rules × findings → verdict.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use pratique_advisory::Level;
use pratique_match::{Finding, FixState};

use crate::{
    exception::Exception,
    rules::{Condition, Outcome, RiskPolicy, Rule, RuleSet},
    verdict::{FindingRef, Lapsed, Reason, Suppressed, Verdict},
    wildcard::{self, Pattern},
};

/// One finding and the package it is in.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The package's name.
    pub package: &'a str,
    /// The package's version.
    pub version: &'a str,
}

/// What a policy is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The repository of the image, without the registry's host.
    pub repository: &'a str,
    /// The time, which decides which exceptions are over.
    pub now: Timestamp,
    /// What was found in the image.
    pub findings: &'a [Found<'a>],
}

impl RiskPolicy {
    /// Judges an image. The same question always gets the same answer.
    ///
    /// A repository that no rule set is for is told what the default outcome says, with no reasons.
    pub fn judge(&self, question: &Question<'_>) -> Verdict {
        let mut suppressed = Vec::new();
        let mut lapsed = Vec::new();
        let exceptions = Exceptions::of(&self.exceptions, question.repository);
        let mut counted = question.findings.to_vec();
        counted.retain(|found| match set_aside(&exceptions, found, question.now) {
            Standing::Counted => true,
            Standing::Lapsed(over) => {
                lapsed.push(over);
                true
            }
            Standing::Suppressed(aside) => {
                suppressed.push(aside);
                false
            }
        });
        let set = self.rule_sets.iter().find(|set| set.is_for(question.repository));
        let mut decided = None;
        let mut reasons = Vec::new();
        for rule in set.map(|set| set.rules.as_slice()).unwrap_or_default() {
            if let Some(reason) = rule.holds(&counted) {
                decided.get_or_insert(rule.then);
                reasons.push(reason);
            }
        }
        let otherwise = set.map_or_else(Outcome::default, |set| set.otherwise);
        let Outcome { risk, action, compliance } = decided.unwrap_or(otherwise);
        Verdict { risk, action, compliance, reasons, suppressed, lapsed }
    }
}

impl RuleSet {
    fn is_for(&self, repository: &str) -> bool {
        self.repositories.is_empty()
            || self.repositories.iter().any(|pattern| wildcard::fits(pattern, repository))
    }
}

/// What exceptions make of a finding.
enum Standing {
    Counted,
    Lapsed(Lapsed),
    Suppressed(Suppressed),
}

/// The exceptions for one repository. Most name one vulnerability, so those are found by its name.
struct Exceptions<'a> {
    all: Vec<&'a Exception>,
    /// Places of those that name a vulnerability, by the name in upper case.
    by_name: HashMap<String, Vec<usize>>,
    /// Places of the others, with their patterns in upper case.
    by_pattern: Vec<(usize, Pattern)>,
}

impl<'a> Exceptions<'a> {
    fn of(exceptions: &'a [Exception], repository: &str) -> Self {
        let all: Vec<_> = exceptions.iter().filter(|exception| exception.is_for(repository)).collect();
        let (mut by_name, mut by_pattern) = (HashMap::<_, Vec<_>>::new(), Vec::new());
        for (at, exception) in all.iter().enumerate() {
            let vulnerability = exception.vulnerability.to_ascii_uppercase();
            if vulnerability.contains('*') {
                by_pattern.push((at, vulnerability.into()));
            } else {
                by_name.entry(vulnerability).or_default().push(at);
            }
        }
        Self { all, by_name, by_pattern }
    }

    /// Those that speak of the finding, be they over or not, in their order.
    fn covering(&self, found: &Found<'_>) -> Vec<&'a Exception> {
        let names = std::iter::once(&found.finding.id).chain(&found.finding.aliases);
        let names: Vec<_> = names.map(|name| name.to_ascii_uppercase()).collect();
        let named = names.iter().filter_map(|name| self.by_name.get(name)).flatten().copied();
        let fitting =
            self.by_pattern.iter().filter(|(_, pattern)| names.iter().any(|name| pattern.fits(name)));
        let mut places: Vec<_> = named.chain(fitting.map(|(at, _)| *at)).collect();
        places.sort_unstable();
        let exceptions = places.into_iter().filter_map(|at| self.all.get(at).copied());
        exceptions.filter(|exception| wildcard::fits(&exception.package, found.package)).collect()
    }
}

/// The first exception that is not over takes the finding out; one that is over is told only where none does.
fn set_aside(exceptions: &Exceptions<'_>, found: &Found<'_>, now: Timestamp) -> Standing {
    let mut standing = Standing::Counted;
    for exception in exceptions.covering(found) {
        match exception.expires {
            Some(expired) if expired.is_over(now) => {
                if matches!(standing, Standing::Counted) {
                    let reason = exception.reason.clone();
                    standing = Standing::Lapsed(Lapsed { finding: named(found), reason, expired });
                }
            }
            expires => {
                let reason = exception.reason.clone();
                return Standing::Suppressed(Suppressed { finding: named(found), reason, expires });
            }
        }
    }
    standing
}

fn named(found: &Found<'_>) -> FindingRef {
    FindingRef {
        vulnerability: found.finding.id.clone(),
        package: found.package.to_owned(),
        version: found.version.to_owned(),
        severity: found.finding.level(),
    }
}

impl Rule {
    fn holds(&self, counted: &[Found<'_>]) -> Option<Reason> {
        let those: Vec<_> = counted.iter().filter(|found| self.when.counts(found.finding)).collect();
        let vulnerabilities =
            those.iter().map(|found| found.finding.id.as_str()).collect::<HashSet<_>>().len();
        (vulnerabilities > self.when.more_than).then(|| Reason {
            rule: self.name.clone(),
            text: self.when.in_words(vulnerabilities),
            vulnerabilities,
            findings: those.into_iter().map(named).collect(),
        })
    }
}

impl Condition {
    fn counts(&self, finding: &Finding) -> bool {
        (self.severities.is_empty() || self.severities.contains(&finding.level()))
            && (!self.fix_available || finding.state == FixState::Fixed)
            && (!self.known_exploited || finding.known_exploited.is_some())
            && self.epss_at_least.is_none_or(|least| finding.epss.is_some_and(|epss| epss.score >= least))
    }

    /// `7 high vulnerabilities with a fix, where at most 5 are allowed`.
    fn in_words(&self, found: usize) -> String {
        let severities: Vec<_> = self.severities.iter().copied().map(Level::as_str).collect();
        let severities = match severities.as_slice() {
            [] => String::new(),
            some => format!("{} ", some.join(" or ")),
        };
        let noun = if found == 1 { "vulnerability" } else { "vulnerabilities" };
        let fix = if self.fix_available { " with a fix" } else { "" };
        let exploited = if self.known_exploited { " known to be exploited" } else { "" };
        let epss = self
            .epss_at_least
            .map(|least| format!(" with an EPSS score of at least {least}"))
            .unwrap_or_default();
        let allowed = match self.more_than {
            0 => "none is allowed".to_owned(),
            most => format!("at most {most} are allowed"),
        };
        format!("{found} {severities}{noun}{fix}{exploited}{epss}, where {allowed}")
    }
}

#[cfg(test)]
mod tests {
    use pratique_match::{Epss, Rating};

    use super::*;
    use crate::verdict::{Action, Compliance, Risk};

    fn finding(id: &str, level: Level) -> Finding {
        Finding {
            id: id.to_owned(),
            aliases: vec![format!("GHSA-{id}")],
            package: 0,
            state: FixState::NotFixed,
            fixed_version: None,
            severity: Rating { level, ..Rating::default() },
            severities: Vec::new(),
            epss: None,
            known_exploited: None,
            title: None,
            advisories: Vec::new(),
        }
    }

    fn some(count: usize, level: Level) -> Vec<Finding> {
        (0..count).map(|n| finding(&format!("CVE-{level}-{n}"), level)).collect()
    }

    fn judged(policy: &RiskPolicy, repository: &str, findings: &[Finding]) -> Verdict {
        let findings: Vec<_> =
            findings.iter().map(|finding| Found { finding, package: "zlib", version: "1.2" }).collect();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        policy.judge(&Question { repository, now, findings: &findings })
    }

    fn said(verdict: &Verdict) -> (Risk, Action, Compliance) {
        (verdict.risk, verdict.action, verdict.compliance)
    }

    #[test]
    fn the_default_is_the_recipes_assessment() {
        let policy = RiskPolicy::default();
        let (low, high) =
            ((Risk::Low, Action::Monitor, Compliance::Pass), (Risk::High, Action::Review, Compliance::Pass));
        let critical = (Risk::Critical, Action::Block, Compliance::Fail);
        for (criticals, highs, want) in
            [(0, 0, low), (0, 5, low), (0, 6, high), (1, 0, critical), (1, 6, critical)]
        {
            let findings =
                [some(criticals, Level::Critical), some(highs, Level::High), some(9, Level::Medium)];
            let verdict = judged(&policy, "app", &findings.concat());
            assert_eq!(said(&verdict), want, "{criticals} critical, {highs} high");
            assert_eq!(verdict.reasons.len(), usize::from(criticals > 0) + usize::from(highs > 5));
        }
        let text = serde_json::to_string(&judged(&policy, "app", &some(1, Level::Critical))).unwrap();
        assert_eq!(
            text,
            r#"{"risk":"CRITICAL","action":"IMMEDIATE_BLOCK","compliance":"FAIL","reasons":[{"rule":"critical","text":"1 critical vulnerability, where none is allowed","vulnerabilities":1,"findings":[{"vulnerability":"CVE-critical-0","package":"zlib","version":"1.2","severity":"critical"}]}]}"#
        );
    }

    #[test]
    fn a_vulnerability_in_many_packages_counts_once() {
        let same = vec![finding("CVE-1", Level::High); 6];
        let verdict = judged(&RiskPolicy::default(), "app", &same);
        assert_eq!(said(&verdict), (Risk::Low, Action::Monitor, Compliance::Pass));
    }

    fn policy(text: &str) -> RiskPolicy {
        RiskPolicy::from_json(text).unwrap()
    }

    fn with_condition(when: &str) -> RiskPolicy {
        policy(&format!(
            r#"{{"ruleSets":[{{"rules":[{{"name":"r","when":{when},
                "then":{{"risk":"HIGH","action":"REVIEW_REQUIRED","compliance":"FAIL"}}}}]}}]}}"#
        ))
    }

    #[test]
    fn conditions_all_have_to_be_so_of_one_finding() {
        let plain = finding("CVE-1", Level::High);
        let fixed = Finding { state: FixState::Fixed, ..finding("CVE-2", Level::Low) };
        let exploited = Finding {
            known_exploited: Some("2024-01-01".into()),
            epss: Some(Epss { score: 0.5, percentile: 0.9 }),
            ..finding("CVE-3", Level::Medium)
        };
        let all = [plain, fixed, exploited];
        for (when, want) in [
            ("{}", vec!["CVE-1", "CVE-2", "CVE-3"]),
            (r#"{"fixAvailable":true}"#, vec!["CVE-2"]),
            (r#"{"knownExploited":true}"#, vec!["CVE-3"]),
            (r#"{"epssAtLeast":0.5}"#, vec!["CVE-3"]),
            (r#"{"epssAtLeast":0.51}"#, vec![]),
            (r#"{"severities":["high","low"]}"#, vec!["CVE-1", "CVE-2"]),
            (r#"{"severities":["high"],"fixAvailable":true}"#, vec![]),
            (r#"{"moreThan":2}"#, vec!["CVE-1", "CVE-2", "CVE-3"]),
            (r#"{"moreThan":3}"#, vec![]),
        ] {
            let verdict = judged(&with_condition(when), "app", &all);
            let found: Vec<_> = verdict.reasons.iter().flat_map(|reason| &reason.findings).collect();
            let found: Vec<_> = found.iter().map(|finding| finding.vulnerability.as_str()).collect();
            assert_eq!(found, want, "{when}");
        }
        let words = judged(
            &with_condition(r#"{"fixAvailable":true,"epssAtLeast":0.1,"knownExploited":true}"#),
            "app",
            &[Finding { state: FixState::Fixed, ..all[2].clone() }],
        );
        assert_eq!(
            words.reasons[0].text,
            "1 vulnerability with a fix known to be exploited with an EPSS score of at least 0.1, where none is allowed"
        );
    }

    #[test]
    fn the_first_rule_set_for_a_repository_applies_alone() {
        let policy = policy(
            r#"{"ruleSets":[
                {"repositories":["sandbox/*","scratch"],"rules":[]},
                {"repositories":["*"],"rules":[{"name":"any","when":{},
                 "then":{"risk":"MEDIUM","action":"REVIEW_REQUIRED","compliance":"FAIL"}}],
                 "otherwise":{"risk":"MEDIUM","action":"MONITOR","compliance":"PASS"}}]}"#,
        );
        let findings = some(1, Level::Low);
        assert_eq!(judged(&policy, "sandbox/a/b", &findings).risk, Risk::Low);
        assert_eq!(judged(&policy, "scratch", &findings).risk, Risk::Low);
        assert_eq!(judged(&policy, "scratch2", &findings).action, Action::Review);
        assert_eq!(judged(&policy, "app", &[]).risk, Risk::Medium, "what the set says otherwise");
    }

    #[test]
    fn exceptions_take_out_and_tell_until_they_are_over() {
        let with = |exception: &str| {
            let mut policy = RiskPolicy::default();
            policy.exceptions.push(serde_json::from_str(exception).unwrap());
            judged(&policy, "team/app", &some(1, Level::Critical))
        };
        let by_alias =
            with(r#"{"vulnerability":"ghsa-cve-*","package":"z*","repository":"team/*","reason":"why"}"#);
        assert_eq!(by_alias.risk, Risk::Low);
        assert_eq!(by_alias.suppressed[0].reason, "why");
        for other in [
            r#"{"vulnerability":"CVE-2","reason":"why"}"#,
            r#"{"vulnerability":"*","package":"openssl","reason":"why"}"#,
            r#"{"vulnerability":"*","repository":"other/*","reason":"why"}"#,
        ] {
            let verdict = with(other);
            assert_eq!(verdict.risk, Risk::Critical, "{other}");
            assert!(verdict.suppressed.is_empty() && verdict.lapsed.is_empty());
        }
        let until = |day: &str| with(&format!(r#"{{"vulnerability":"*","reason":"why","expires":"{day}"}}"#));
        assert_eq!(until("2026-06-01").risk, Risk::Low);
        let over = until("2026-05-31");
        assert_eq!(over.risk, Risk::Critical);
        assert_eq!(over.lapsed[0].expired.to_string(), "2026-06-01T00:00:00Z");
    }

    #[test]
    fn an_exception_that_holds_goes_before_one_that_is_over() {
        let mut policy = RiskPolicy::default();
        for exception in [
            r#"{"vulnerability":"*","reason":"old","expires":"2020-01-01"}"#,
            r#"{"vulnerability":"*","reason":"new"}"#,
        ] {
            policy.exceptions.push(serde_json::from_str(exception).unwrap());
        }
        let verdict = judged(&policy, "app", &some(1, Level::Critical));
        assert_eq!(verdict.suppressed[0].reason, "new");
        assert!(verdict.lapsed.is_empty());
    }
}
