//! ECR's evaluation rules and examples, sentence by sentence (user guide: "Lifecycle policy evaluation rules",
//! "Examples of lifecycle policies", "Archiving an image").

use jiff::{SignedDuration, Timestamp};
use pratique_image::Digest;

use super::{Action, Candidate, LifecyclePolicy, StorageClass};

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// An image that is called by its digest's letter, with these tags, pushed so many days and an hour ago.
fn image(name: &str, tags: &[&str], days: i64) -> Candidate {
    Candidate {
        digest: Digest::sha256(name.as_bytes()),
        tags: tags.iter().map(ToString::to_string).collect(),
        pushed_at: days_ago(days) - SignedDuration::from_hours(1),
        pulled_at: None,
        activated_at: None,
        archived_at: None,
        storage: StorageClass::Standard,
        children: Vec::new(),
        subject: None,
    }
}

fn index(name: &str, tags: &[&str], days: i64, children: &[&str]) -> Candidate {
    let children = children.iter().map(|child| Digest::sha256(child.as_bytes())).collect();
    Candidate { children, ..image(name, tags, days) }
}

const EXPIRE: &str = r#"{"type":"expire"}"#;
const ARCHIVE: &str = r#"{"type":"transition","targetStorageClass":"archive"}"#;

/// `prod*,beta*` is a list of patterns, `prod,` one of prefixes; `untagged` and `any` are themselves.
fn rule(priority: u32, tags: &str, count: &str, action: &str) -> String {
    let tags = match tags {
        "untagged" | "any" => format!(r#""tagStatus":"{tags}""#),
        list => {
            let kind = if list.contains('*') { "tagPatternList" } else { "tagPrefixList" };
            let strings: Vec<_> =
                list.split(',').filter(|s| !s.is_empty()).map(|s| format!("\"{s}\"")).collect();
            format!(r#""tagStatus":"tagged","{kind}":[{}]"#, strings.join(","))
        }
    };
    let (kind, number) = count.split_once(' ').unwrap();
    let (kind, unit) = match kind {
        "more" => ("imageCountMoreThan", ""),
        "pushed" => ("sinceImagePushed", r#","countUnit":"days""#),
        "pulled" => ("sinceImagePulled", r#","countUnit":"days""#),
        _ => ("sinceImageTransitioned", r#","countUnit":"days","storageClass":"archive""#),
    };
    format!(
        r#"{{"rulePriority":{priority},"selection":{{{tags},"countType":"{kind}","countNumber":{number}{unit}}},"action":{action}}}"#
    )
}

fn policy(rules: &[String]) -> LifecyclePolicy {
    LifecyclePolicy::parse(&format!(r#"{{"rules":[{}]}}"#, rules.join(","))).unwrap()
}

/// Which images go by which rule, in order: `A1 B2`; those that follow their subject with a plus.
fn outcome(images: &[(&str, Candidate)], rules: &[String]) -> String {
    let candidates: Vec<_> = images.iter().map(|(_, image)| image.clone()).collect();
    let evaluation = policy(rules).evaluate(&candidates, now());
    let named = evaluation.consequences.iter().map(|consequence| {
        let follows = if consequence.follows_subject { "+" } else { "" };
        let archived = if consequence.action == Action::ARCHIVE { "a" } else { "" };
        format!("{}{}{follows}{archived}", images[consequence.image].0, consequence.rule_priority)
    });
    named.collect::<Vec<_>>().join(" ")
}

/// Images named A, B, C, … in order.
fn named<const N: usize>(images: [(&[&'static str], i64); N]) -> Vec<(&'static str, Candidate)> {
    let names = ["A", "B", "C", "D", "E", "F"];
    images.iter().zip(names).map(|((tags, days), name)| (name, image(name, tags, *days))).collect()
}

fn expiring(priority: u32, tags: &str, count: &str) -> String {
    rule(priority, tags, count, EXPIRE)
}

#[test]
fn filtering_on_image_age() {
    let images = named([(&["prod-1"], 15), (&["prod-2"], 14), (&["prod-3"], 13), (&["test"], 99), (&[], 99)]);
    assert_eq!(outcome(&images, &[expiring(1, "prod*", "pushed 14")]), "A1 B1");
    let mut exact = images;
    exact[1].1.pushed_at = days_ago(14);
    assert_eq!(outcome(&exact, &[expiring(1, "prod*", "pushed 14")]), "A1", "older than, not as old as");
}

#[test]
fn filtering_on_image_count() {
    let images = named([(&[], 3), (&["a"], 9), (&[], 2), (&[], 1)]);
    assert_eq!(outcome(&images, &[expiring(1, "untagged", "more 1")]), "A1 C1", "the youngest stays");
    assert_eq!(outcome(&images, &[expiring(1, "untagged", "more 3")]), "");
}

#[test]
fn filtering_on_multiple_rules() {
    let images = named([(&["beta-1", "prod-1"], 10), (&["beta-2", "prod-2"], 9), (&["beta-3"], 8)]);
    let (prod, beta) = (|p| expiring(p, "prod*", "more 1"), |p| expiring(p, "beta*", "more 1"));
    assert_eq!(outcome(&images, &[prod(1), beta(2)]), "A1", "rule 1 identified B and keeps it");
    assert_eq!(outcome(&images, &[beta(1), prod(2)]), "A1 B1");
    let prefixes = [expiring(1, "prod", "more 1"), expiring(2, "beta", "more 1")];
    assert_eq!(outcome(&images, &prefixes), "A1", "prefixes are patterns that end with a star");
}

#[test]
fn filtering_on_multiple_tags_in_a_single_rule() {
    let images = named([
        (&["alpha-1"], 12),
        (&["beta-1"], 11),
        (&["alpha-2", "beta-2"], 10),
        (&["alpha-3"], 4),
        (&["beta-3"], 3),
        (&["alpha-4", "beta-4"], 2),
    ]);
    for (alpha, beta, both) in [("alpha*", "beta*", "alpha*,beta*"), ("alpha", "beta", "alpha,beta")] {
        let two = [expiring(1, alpha, "pushed 5"), expiring(2, beta, "pushed 5")];
        assert_eq!(outcome(&images, &two), "A1 B2 C1");
        assert_eq!(outcome(&images, &[expiring(1, both, "pushed 5")]), "C1", "all patterns of the list");
    }
}

#[test]
fn filtering_on_all_images() {
    let images =
        named([(&["alpha-1", "beta-1"], 4), (&[], 3), (&["alpha-2"], 2), (&["git-hash"], 1), (&[], 1)]);
    let rules =
        [expiring(1, "alpha*", "more 1"), expiring(2, "untagged", "pushed 1"), expiring(3, "any", "more 1")];
    // E was pushed after D.
    let mut images = images;
    images[4].1.pushed_at = days_ago(1);
    images[3].1.pushed_at = days_ago(1) - SignedDuration::from_secs(1);
    assert_eq!(outcome(&images, &rules), "A1 B2 D3");
    let count = |n| expiring(1, "any", &format!("more {n}"));
    assert_eq!(outcome(&images, &[count(1)]), "A1 B1 C1 D1");
    assert_eq!(outcome(&images, &[count(4)]), "A1");
    assert_eq!(outcome(&images, &[expiring(1, "any", "pushed 2")]), "A1 B1 C1");
}

#[test]
fn an_image_is_expired_by_one_rule_or_none() {
    let images = named([(&["a", "b"], 9), (&["a", "b"], 8)]);
    let rules =
        [expiring(10, "a*", "pushed 1"), expiring(20, "b*", "pushed 1"), expiring(30, "any", "pushed 1")];
    assert_eq!(outcome(&images, &rules), "A10 B10");
}

#[test]
fn what_a_rule_is_about_lower_ones_cannot_expire() {
    let images = named([(&["keep-1"], 900), (&["keep-2"], 800), (&["x"], 900)]);
    let rules = [expiring(1, "keep*", "more 9999"), expiring(2, "any", "pushed 30")];
    assert_eq!(outcome(&images, &rules), "C2");
}

#[test]
fn rules_identify_what_higher_ones_marked_as_if_it_were_there() {
    // Rule 2 counts A, which rule 1 takes: so B is the one too many, not the last of two.
    let images = named([(&["b-1"], 9), (&["a-1", "b-2"], 8)]);
    let rules = [expiring(1, "a*", "pushed 1"), expiring(2, "b*", "more 1")];
    assert_eq!(outcome(&images, &rules), "A2 B1");
}

#[test]
fn a_lost_mark_does_not_pass_to_a_younger_image() {
    let images = named([(&["p", "b"], 10), (&["b"], 9), (&["b"], 8)]);
    let rules = [expiring(1, "p*", "more 5"), expiring(2, "b*", "more 2")];
    assert_eq!(outcome(&images, &rules), "", "A is one too many, but rule 1 keeps it");
}

#[test]
fn the_number_decides_not_the_place_in_the_text() {
    let images = named([(&["a", "b"], 9)]);
    let rules = [expiring(7, "b*", "pushed 1"), expiring(3, "a*", "pushed 1")];
    assert_eq!(outcome(&images, &rules), "A3");
}

#[test]
fn patterns_fit_whole_tags_wherever_the_star_is() {
    for (pattern, tags) in [
        ("prod*", ["prod", "prod1", "production-team1"].as_slice()),
        ("*prod", &["repo-prod", "prod"]),
        ("*prod*", &["repo-prod", "prod-team"]),
        ("v*.*.*", &["v1.2.3"]),
    ] {
        for tag in tags {
            let images = [("A", image("A", &[tag], 9))];
            assert_eq!(outcome(&images, &[expiring(1, pattern, "pushed 1")]), "A1", "{pattern} {tag}");
        }
    }
    let images = named([(&["repo-prod"], 9), (&["PROD"], 9), (&["v1.2"], 9)]);
    assert_eq!(outcome(&images, &[expiring(1, "prod*", "pushed 1"), expiring(2, "v*.*.*", "pushed 1")]), "");
}

#[test]
fn what_a_manifest_list_holds_goes_after_it() {
    let list = || ("L", index("L", &["v1"], 5, &["A", "B"]));
    let children = || [("A", image("A", &[], 9)), ("B", image("B", &[], 8))];
    let images: Vec<_> = children().into_iter().chain([list(), ("C", image("C", &[], 7))]).collect();
    assert_eq!(outcome(&images, &[expiring(1, "untagged", "pushed 1")]), "C1", "the list stays");
    let both = [expiring(1, "v*", "pushed 1"), expiring(2, "untagged", "pushed 1")];
    assert_eq!(outcome(&images, &both), "A2 B2 C2 L1", "the list goes");
    let shared: Vec<_> = images.into_iter().chain([("M", index("M", &["keep"], 5, &["A"]))]).collect();
    assert_eq!(outcome(&shared, &both), "B2 C2 L1", "another list holds A");
    let nested = [
        ("A", image("A", &[], 9)),
        ("I", index("I", &[], 9, &["A"])),
        ("O", index("O", &["keep"], 9, &["I"])),
    ];
    assert_eq!(outcome(&nested, &[expiring(1, "untagged", "pushed 1")]), "", "a list in a list");
}

#[test]
fn a_list_that_is_archived_lets_its_images_move_but_not_expire() {
    let images = [("A", image("A", &[], 9)), ("L", index("L", &["v1"], 5, &["A"]))];
    let lists = rule(1, "v*", "pushed 1", ARCHIVE);
    assert_eq!(outcome(&images, &[lists.clone(), expiring(2, "untagged", "pushed 1")]), "L1a");
    assert_eq!(outcome(&images, &[lists, rule(2, "untagged", "pushed 1", ARCHIVE)]), "A2a L1a");
}

#[test]
fn artifacts_go_with_their_subject() {
    let about = |name: &str, subject: &str, days| Candidate {
        subject: Some(Digest::sha256(subject.as_bytes())),
        ..image(name, &[], days)
    };
    let images = [
        ("A", image("A", &["v1"], 9)),
        ("S", about("S", "A", 8)),
        ("T", about("T", "S", 7)),
        ("U", about("U", "B", 6)),
        ("B", image("B", &["keep"], 5)),
    ];
    assert_eq!(outcome(&images, &[expiring(1, "v*", "pushed 1")]), "A1 S1+ T1+");
    assert_eq!(outcome(&images, &[rule(1, "v*", "pushed 1", ARCHIVE)]), "A1a", "not to the archive");
    let counted = [expiring(1, "any", "more 1")];
    assert_eq!(outcome(&images[3..], &counted), "U1", "rules count them as images");
}

#[test]
fn since_pulled_falls_back_to_the_push() {
    let archive = [rule(1, "any", "pulled 30", ARCHIVE)];
    let never = named([(&["a"], 31), (&["b"], 29)]);
    assert_eq!(outcome(&never, &archive), "A1a");
    let mut pulled = never;
    pulled[0].1.pulled_at = Some(days_ago(5));
    assert_eq!(outcome(&pulled, &archive), "");
    pulled[0].1.pulled_at = Some(days_ago(31));
    pulled[0].1.pushed_at = days_ago(400);
    assert_eq!(outcome(&pulled, &archive), "A1a");
    pulled[0].1.activated_at = Some(days_ago(3));
    assert_eq!(outcome(&pulled, &archive), "", "restored, and not pulled since");
}

#[test]
fn the_archive_has_rules_of_its_own() {
    let archived = |name: &str, days| Candidate {
        storage: StorageClass::Archive,
        archived_at: Some(days_ago(days)),
        ..image(name, &["a"], 999)
    };
    let images = [
        ("A", archived("A", 91)),
        ("B", archived("B", 90)),
        ("C", Candidate { archived_at: None, ..archived("C", 0) }),
        ("D", image("D", &["a"], 99)),
    ];
    assert_eq!(outcome(&images, &[expiring(1, "any", "transitioned 90")]), "A1");
    let both = [expiring(1, "any", "pushed 5"), expiring(2, "any", "transitioned 90")];
    assert_eq!(outcome(&images, &both), "A2 D1", "rules for standard storage do not see the archive");
}

#[test]
fn the_oldest_go_first_and_totals_are_told() {
    let images = named([(&["a"], 1), (&["b"], 3), (&["c"], 2), (&["d"], 4)]);
    let rules = [rule(1, "a*", "pushed 0".replace('0', "1").as_str(), ARCHIVE), expiring(2, "any", "more 1")];
    assert_eq!(outcome(&images, &rules), "D2 B2 C2 A1a");
    let candidates: Vec<_> = images.into_iter().map(|(_, image)| image).collect();
    let evaluation = policy(&rules).evaluate(&candidates, now());
    assert_eq!((evaluation.expiring(), evaluation.transitioning()), (3, 1));
    let action = serde_json::to_string(&Action::ARCHIVE).unwrap();
    assert_eq!(action, r#"{"type":"TRANSITION","targetStorageClass":"ARCHIVE"}"#, "as the preview writes it");
    assert_eq!(serde_json::to_string(&Action::Expire).unwrap(), r#"{"type":"EXPIRE"}"#);
}

#[test]
fn endless_ages_and_the_future_are_no_matter() {
    let images = [("A", image("A", &["a"], 9)), ("B", image("B", &["b"], -9))];
    let rules = [expiring(1, "any", &format!("pushed {}", i32::MAX))];
    assert_eq!(outcome(&images, &rules), "");
    assert_eq!(outcome(&images, &[expiring(1, "any", "pushed 1")]), "A1");
    assert_eq!(outcome(&[], &rules), "");
}

#[test]
fn lists_in_lists_are_followed_in_one_walk() {
    let names: Vec<_> = (0..20_000).map(|at| at.to_string()).collect();
    let chain = names.iter().enumerate().map(|(at, name)| match names.get(at + 1) {
        Some(child) => index(name, &[], 9, &[child]),
        None => image(name, &[], 9),
    });
    let mut images: Vec<_> = chain.collect();
    let policy = policy(&[expiring(1, "untagged", "pushed 1")]);
    assert_eq!(policy.evaluate(&images, now()).expiring(), images.len());
    images[0].tags.push("keep".into());
    let start = std::time::Instant::now();
    assert_eq!(policy.evaluate(&images, now()).expiring(), 0, "the first holds all");
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}
