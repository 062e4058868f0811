//! Filters, order and pages against an evaluator that is too simple to be wrong: tests.

use std::sync::Arc;

use pratique_inventory::{Package, PackageKind};
use pratique_store::component::Observation;
use proptest::prelude::*;

use super::{
    FoundIn, Sort, SortField, Status,
    criteria::{Condition, Criteria},
    known::Known,
    list::{Judge, position},
    page::{Page, Rank},
    row::{Held, Row, rows_of},
};
use crate::scan::{Matchable, severity_name};

const DAY: i64 = 24 * 3600 * 1_000_000;
/// When the tests ask.
const NOW: i64 = 1000 * DAY;

/// What was seen of a vulnerability in a package of an image, all in numbers.
#[derive(Debug, Clone)]
struct Seen {
    image: usize,
    package: usize,
    vulnerability: usize,
    level: u8,
    first: i64,
    closed: Option<i64>,
    fixed: bool,
    exploited: bool,
    score: Option<u8>,
}

const REPOSITORIES: [&str; 3] = ["app", "base", "team/app"];
const PACKAGES: [&str; 3] = ["lodash", "openssl", "zlib"];
/// Day on which each of the images was pushed.
const PUSHED: [i64; 5] = [100, 900, 980, 990, 995];

fn seen() -> impl Strategy<Value = Seen> {
    let closed = prop::option::weighted(0.3, 950..1000i64);
    let score = prop::option::of(0..=10u8);
    let flags = (any::<bool>(), any::<bool>());
    (0..5usize, 0..3usize, 0..4usize, 0..6u8, 0..1000i64, closed, flags, score).prop_map(
        |(image, package, vulnerability, level, first, closed, (fixed, exploited), score)| Seen {
            image,
            package,
            vulnerability,
            level,
            first,
            closed,
            fixed,
            exploited,
            score,
        },
    )
}

fn arn(image: usize) -> (String, String, String) {
    let repository = REPOSITORIES[image % 3].to_owned();
    let digest = format!("sha256:{:064x}", image * 7 % 5);
    let arn = format!("arn:aws:ecr:us-east-1:111122223333:repository/{repository}/{digest}");
    (repository, digest, arn)
}

/// The rows of all images, as the walk finds them: by repository and digest.
fn rows(all: &[Seen]) -> Vec<Row> {
    let mut images: Vec<usize> = (0..5).collect();
    images.sort_by_key(|image| arn(*image));
    let mut rows = Vec::new();
    for image in images {
        let (repository, digest, arn) = arn(image);
        let pushed_at = PUSHED[image] * DAY;
        let found_in = FoundIn { repository, arn, digest, pushed_at, ..FoundIn::default() };
        let held = Arc::new(Held { found_in, unwatched: None });
        let components: Vec<Arc<Known>> = (0..3)
            .map(|package| {
                let of = |seen: &&Seen| seen.image == image && seen.package == package;
                let observations = all.iter().filter(of).map(|seen| {
                    let observation = Observation {
                        level: seen.level,
                        fixed: seen.fixed.then(|| "2".into()),
                        exploited: seen.exploited,
                        score: seen.score.map(f32::from),
                        first_seen: seen.first * DAY,
                        updated: seen.first * DAY,
                        closed: seen.closed.map(|day| day * DAY),
                        ..Observation::default()
                    };
                    (Arc::from(format!("CVE-2024-000{}", seen.vulnerability)), Arc::new(observation))
                });
                let package = Package {
                    kind: PackageKind::Npm,
                    name: PACKAGES[package].into(),
                    version: "1".into(),
                    ..Package::default()
                };
                let matchable = Matchable { distribution: None, package };
                Arc::new(Known { matchable, key: 0, observations: observations.collect() })
            })
            .collect();
        rows.extend(rows_of(&held, components.iter(), NOW));
    }
    rows
}

/// A finding as the naive evaluator sees it: names and texts.
#[derive(Debug, Clone, PartialEq)]
struct Plain {
    repository: String,
    digest: String,
    vulnerability: String,
    severity: &'static str,
    level: usize,
    status: &'static str,
    packages: Vec<&'static str>,
    fix: &'static str,
    exploit: &'static str,
    first: i64,
    score: Option<u8>,
}

fn plain(all: &[Seen]) -> Vec<Plain> {
    let mut found = Vec::new();
    for (image, pushed) in PUSHED.into_iter().enumerate() {
        for vulnerability in 0..4 {
            let of: Vec<&Seen> = all
                .iter()
                .filter(|seen| seen.image == image && seen.vulnerability == vulnerability)
                .collect();
            let open: Vec<&Seen> = of.iter().copied().filter(|seen| seen.closed.is_none()).collect();
            let is_open = !open.is_empty();
            let counted = if is_open { open } else { of };
            let Some(over) = counted.iter().map(|seen| seen.closed.unwrap_or(0)).max() else { continue };
            if !is_open && (over < pushed || over + 30 < 1000) {
                continue;
            }
            let level = counted.iter().map(|seen| usize::from(seen.level)).max().unwrap();
            let names = ["UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
            let fixed = counted.iter().filter(|seen| seen.fixed).count();
            let mut packages: Vec<&str> = counted.iter().map(|seen| PACKAGES[seen.package]).collect();
            packages.sort_unstable();
            let (repository, digest, _) = arn(image);
            found.push(Plain {
                repository,
                digest,
                vulnerability: format!("CVE-2024-000{vulnerability}"),
                severity: names[level],
                level,
                status: if is_open { "ACTIVE" } else { "CLOSED" },
                packages,
                fix: ["NO", "PARTIAL", "YES"][usize::from(fixed > 0) + usize::from(fixed == counted.len())],
                exploit: if counted.iter().any(|seen| seen.exploited) { "YES" } else { "NO" },
                first: counted.iter().map(|seen| seen.first).min().unwrap().max(pushed),
                score: counted.iter().filter_map(|seen| seen.score).max(),
            });
        }
    }
    found.sort_by_key(|it| (it.repository.clone(), it.digest.clone(), it.vulnerability.clone()));
    found
}

/// A condition: which criterion, how, and with what.
#[derive(Debug, Clone)]
enum Asked {
    Text(&'static str, &'static str, &'static str),
    Score(Option<u8>, Option<u8>),
    First(Option<i64>, Option<i64>),
    Package(&'static str, &'static str),
}

fn asked() -> impl Strategy<Value = Asked> {
    let how = prop::sample::select(vec!["EQUALS", "PREFIX", "NOT_EQUALS"]);
    let text = prop::sample::select(vec![
        ("severity", "HIGH"),
        ("severity", "CRITICAL"),
        ("findingStatus", "ACTIVE"),
        ("findingStatus", "CLOSED"),
        ("ecrImageRepositoryName", "app"),
        ("ecrImageRepositoryName", "team/"),
        ("vulnerabilityId", "CVE-2024-0001"),
        ("vulnerabilityId", "CVE"),
        ("fixAvailable", "YES"),
        ("exploitAvailable", "NO"),
        ("ec2InstanceSubnetId", "subnet-1"),
    ]);
    prop_oneof![
        4 => (text, how.clone()).prop_map(|((name, value), how)| Asked::Text(name, how, value)),
        1 => (prop::option::of(0..10u8), prop::option::of(0..10u8)).prop_map(|(a, b)| Asked::Score(a, b)),
        1 => (prop::option::of(0..1000i64), prop::option::of(0..1000i64)).prop_map(|(a, b)| Asked::First(a, b)),
        1 => (how, prop::sample::select(vec!["lodash", "open", "zlib"]))
            .prop_map(|(how, name)| Asked::Package(how, name)),
    ]
}

fn name_of(asked: &Asked) -> &'static str {
    match asked {
        Asked::Text(name, ..) => name,
        Asked::Score(..) => "inspectorScore",
        Asked::First(..) => "firstObservedAt",
        Asked::Package(..) => "vulnerablePackages",
    }
}

fn condition(asked: &Asked) -> Condition {
    let text = |how: &str, value: &str| serde_json::json!({ "comparison": how, "value": value });
    let time =
        |day: &Option<i64>| day.map(|day| jiff::Timestamp::from_microsecond(day * DAY).unwrap().to_string());
    serde_json::from_value(match asked {
        Asked::Text(_, how, value) => text(how, value),
        Asked::Score(lower, upper) => {
            serde_json::json!({ "lowerInclusive": lower, "upperInclusive": upper })
        }
        Asked::First(start, end) => {
            serde_json::json!({ "startInclusive": time(start), "endInclusive": time(end) })
        }
        Asked::Package(how, name) => serde_json::json!({ "name": text(how, name) }),
    })
    .unwrap()
}

fn compares(how: &str, text: &str, value: &str) -> bool {
    match how {
        "EQUALS" => text == value,
        "PREFIX" => text.starts_with(value),
        _ => text != value,
    }
}

fn holds(asked: &Asked, finding: &Plain) -> bool {
    match asked {
        Asked::Text(name, how, value) => {
            let text = match *name {
                "severity" => finding.severity,
                "findingStatus" => finding.status,
                "ecrImageRepositoryName" => &finding.repository,
                "vulnerabilityId" => &finding.vulnerability,
                "fixAvailable" => finding.fix,
                "exploitAvailable" => finding.exploit,
                _ => return *how == "NOT_EQUALS",
            };
            compares(how, text, value)
        }
        Asked::Score(lower, upper) => finding.score.is_some_and(|score| {
            lower.is_none_or(|lower| lower <= score) && upper.is_none_or(|upper| score <= upper)
        }),
        Asked::First(start, end) => {
            start.is_none_or(|start| start <= finding.first) && end.is_none_or(|end| finding.first <= end)
        }
        Asked::Package(how, value) => finding.packages.iter().any(|name| compares(how, name, value)),
    }
}

fn fits(all: &[Asked], finding: &Plain) -> bool {
    all.iter().all(|one| {
        let same: Vec<&Asked> = all.iter().filter(|other| name_of(other) == name_of(one)).collect();
        let forbids = |asked: &Asked| matches!(asked, Asked::Text(_, "NOT_EQUALS", _));
        let positive: Vec<&&Asked> = same.iter().filter(|asked| !forbids(asked)).collect();
        same.iter().filter(|asked| forbids(asked)).all(|asked| holds(asked, finding))
            && (positive.is_empty() || positive.iter().any(|asked| holds(asked, finding)))
    })
}

fn shown(row: &Row) -> (String, String, String) {
    let image = &row.image.found_in;
    (image.repository.clone(), image.digest.clone(), row.vulnerability.to_string())
}

proptest! {
    #[test]
    fn pages_tell_what_a_naive_evaluator_tells(
        all in prop::collection::vec(seen(), 0..40),
        asked in prop::collection::vec(asked(), 0..4),
        sort in prop::option::of((
            prop::sample::select(vec![
                SortField::Severity,
                SortField::FirstObservedAt,
                SortField::InspectorScore,
                SortField::VulnerabilityId,
                SortField::FindingStatus,
                SortField::EcrImageRepositoryName,
            ]),
            any::<bool>(),
        )),
        limit in 1..7usize,
    ) {
        // A component has a vulnerability once.
        let mut all = all;
        all.sort_by_key(|seen| (seen.image, seen.package, seen.vulnerability));
        all.dedup_by_key(|seen| (seen.image, seen.package, seen.vulnerability));

        let mut want: Vec<Plain> = plain(&all).into_iter().filter(|finding| fits(&asked, finding)).collect();
        if let Some((field, descending)) = sort {
            want.sort_by(|one, other| {
                let order = match field {
                    SortField::Severity => one.level.cmp(&other.level),
                    SortField::FirstObservedAt => one.first.cmp(&other.first),
                    SortField::InspectorScore => one.score.cmp(&other.score),
                    SortField::VulnerabilityId => one.vulnerability.cmp(&other.vulnerability),
                    SortField::FindingStatus => one.status.cmp(other.status),
                    _ => one.repository.cmp(&other.repository),
                };
                if descending { order.reverse() } else { order }
            });
        }

        let mut criteria = Criteria::default();
        for asked in &asked {
            criteria.add(name_of(asked), [condition(asked)]);
        }
        let judge = Judge::new(criteria, Vec::new(), "111122223333", "us-east-1", None);
        let sort = sort.map(|(field, descending)| Sort { field, descending });
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let mut page = Page::new(limit, after.clone());
            for row in rows(&all) {
                prop_assert!(judge.may_be_of(&row.image) || judge.is_meant(&row, None) == Some(false));
                // Nothing that is asked here needs details.
                if judge.is_meant(&row, None).unwrap() {
                    let status = judge.status(&row, None);
                    let rank = sort.map_or(Rank::Nothing, |sort| sort.field.rank(&row, status, None));
                    page.offer(position(&row, rank, sort.is_some_and(|sort| sort.descending)), row);
                }
            }
            let (rows, next) = page.finish();
            prop_assert!(rows.len() <= limit);
            for row in &rows {
                let plain = want.iter().find(|it| it.repository == row.image.found_in.repository
                    && it.digest == row.image.found_in.digest && *it.vulnerability == *row.vulnerability);
                let plain = plain.cloned().unwrap();
                prop_assert_eq!(severity_name(row.level), plain.severity);
                prop_assert_eq!(row.fix().name(), plain.fix);
                prop_assert_eq!(row.first, plain.first * DAY);
                prop_assert_eq!(judge.status(row, None).map(Status::name), Some(plain.status));
                prop_assert!(row.first >= row.image.found_in.pushed_at);
            }
            told.extend(rows.iter().map(shown));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let want: Vec<_> =
            want.into_iter().map(|it| (it.repository, it.digest, it.vulnerability)).collect();
        prop_assert_eq!(told, want);
    }
}

#[test]
fn what_is_not_known_yet_is_asked_for_only_if_it_decides() {
    let all = [Seen {
        image: 0,
        package: 0,
        vulnerability: 0,
        level: 5,
        first: 0,
        closed: None,
        fixed: false,
        exploited: false,
        score: None,
    }];
    let row = &rows(&all)[0];
    let judge = |criteria: serde_json::Value, suppressed: Option<serde_json::Value>| {
        let read = |value| serde_json::from_value::<Criteria>(value).unwrap();
        Judge::new(
            read(criteria),
            suppressed.map(read).into_iter().collect(),
            "111122223333",
            "us-east-1",
            None,
        )
    };
    let equals = |value: &str| serde_json::json!([{ "comparison": "EQUALS", "value": value }]);
    let related = serde_json::json!({ "relatedVulnerabilities": equals("GHSA-1") });
    assert_eq!(judge(related.clone(), None).is_meant(row, None), None);
    let both = serde_json::json!({ "relatedVulnerabilities": equals("GHSA-1"), "severity": equals("LOW") });
    assert_eq!(judge(both, None).is_meant(row, None), Some(false));
    // Whether it is suppressed is not known, and matters only to who asks.
    let active = serde_json::json!({ "findingStatus": equals("ACTIVE") });
    assert_eq!(judge(active.clone(), Some(related.clone())).is_meant(row, None), None);
    assert_eq!(judge(serde_json::json!({}), Some(related)).is_meant(row, None), Some(true));
    let severe = serde_json::json!({ "severity": equals("CRITICAL") });
    assert_eq!(judge(active, Some(severe)).is_meant(row, None), Some(false));
}
