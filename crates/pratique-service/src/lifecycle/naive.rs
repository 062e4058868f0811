//! The evaluation against its definition, written the slow way.

use jiff::{SignedDuration, Timestamp};
use pratique_image::Digest;
use proptest::prelude::*;

use super::{Action, Candidate, Count, LifecyclePolicy, Rule, Selection, StorageClass, Tags};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let tags = prop::sample::subsequence(vec!["a-1", "a-2", "b-1", "b-2", "c"], 0..3);
    let one =
        (tags, 0..8i32, prop::option::of(0..8i32), any::<bool>(), prop::collection::vec(0..12usize, 0..3));
    prop::collection::vec((one, prop::option::weighted(0.2, 0..12usize)), 0..12).prop_map(|images| {
        let digest = |at: usize| Digest::sha256(at.to_string().as_bytes());
        let ago = |days: i32| now() - DAY * days;
        let images = images.into_iter().enumerate();
        images
            .map(|(at, ((tags, pushed, pulled, is_archived, children), subject))| Candidate {
                digest: digest(at),
                tags: tags.into_iter().map(str::to_owned).collect(),
                pushed_at: ago(pushed),
                pulled_at: pulled.map(ago),
                activated_at: None,
                archived_at: is_archived.then(|| ago(pushed)),
                storage: if is_archived { StorageClass::Archive } else { StorageClass::Standard },
                // An image can only list and refer to what was there before it.
                children: children.into_iter().filter(|child| *child < at).map(digest).collect(),
                subject: subject.filter(|subject| *subject < at).map(digest),
            })
            .collect()
    })
}

fn policies() -> impl Strategy<Value = LifecyclePolicy> {
    let patterns = |list: &[&str]| Tags::Patterns(list.iter().map(|pattern| (*pattern).into()).collect());
    let tags = prop::sample::select(vec![
        Tags::Any,
        Tags::Untagged,
        patterns(&["*"]),
        patterns(&["a*"]),
        patterns(&["*1", "b*"]),
        Tags::Prefixes(vec!["b-".into(), "c".into()]),
    ]);
    let count = prop_oneof![
        (1..4u64).prop_map(|n| (Count::ImagesMoreThan(n), StorageClass::Standard)),
        (1..6u64).prop_map(|n| (Count::DaysSincePushed(n), StorageClass::Standard)),
        (1..6u64).prop_map(|n| (Count::DaysSincePulled(n), StorageClass::Standard)),
        (1..6u64).prop_map(|n| (Count::DaysSinceTransitioned(n), StorageClass::Archive)),
    ];
    let rule = (tags, count, prop::sample::select(vec![Action::Expire, Action::ARCHIVE]));
    prop::collection::vec(rule, 0..5).prop_map(|rules| {
        let rule = |(at, (tags, (count, storage), action))| Rule {
            priority: at,
            description: None,
            selection: Selection { tags, storage, count },
            action,
        };
        LifecyclePolicy { rules: (1..).zip(rules).map(rule).collect() }
    })
}

/// Only the first rule that identifies an image can mark it, and does so if the image is one too many among all
/// that it identifies.
fn marked(policy: &LifecyclePolicy, images: &[Candidate], image: &Candidate) -> Option<(Action, u32)> {
    let meant = |rule: &Rule, image: &Candidate| {
        rule.selection.storage == image.storage && rule.selection.tags.fit(&image.tags)
    };
    let rule = policy.rules.iter().find(|rule| meant(rule, image))?;
    let age = |at: Timestamp| now().duration_since(at);
    let too_much = match rule.selection.count {
        Count::ImagesMoreThan(most) => {
            let younger = |other: &&Candidate| {
                meant(rule, other)
                    && (other.pushed_at > image.pushed_at
                        || (other.pushed_at == image.pushed_at && other.digest.hex() < image.digest.hex()))
            };
            images.iter().filter(younger).count() as u64 >= most
        }
        Count::DaysSincePushed(days) => age(image.pushed_at) > DAY * days as i32,
        Count::DaysSincePulled(days) => age(image.pulled_at.unwrap_or(image.pushed_at)) > DAY * days as i32,
        Count::DaysSinceTransitioned(days) => image.archived_at.is_some_and(|at| age(at) > DAY * days as i32),
    };
    too_much.then_some((rule.action, rule.priority))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn evaluates_as_defined(images in candidates(), policy in policies()) {
        let mut want: Vec<_> = images.iter().map(|image| marked(&policy, &images, image)).collect();
        let held = |at: usize, action: Action, marks: &[Option<(Action, u32)>]| {
            images.iter().zip(marks).any(|(parent, mark)| {
                parent.children.contains(&images[at].digest)
                    && !mark.is_some_and(|(taken, _)| taken == Action::Expire || action != Action::Expire)
            })
        };
        // Until nothing changes.
        for _ in 0..=images.len() {
            for at in 0..images.len() {
                if want[at].is_some_and(|(action, _)| held(at, action, &want)) {
                    want[at] = None;
                }
            }
        }
        for _ in 0..=images.len() {
            for at in 0..images.len() {
                let subject = images.iter().position(|other| Some(&other.digest) == images[at].subject.as_ref());
                let by = subject.and_then(|subject| want[subject]).filter(|(action, _)| *action == Action::Expire);
                let goes = want[at].is_some_and(|(action, _)| action == Action::Expire);
                if let Some(by) = by && !goes && !held(at, Action::Expire, &want) {
                    want[at] = Some(by);
                }
            }
        }
        let evaluation = policy.evaluate(&images, now());
        let mut found = vec![None; images.len()];
        for consequence in &evaluation.consequences {
            prop_assert!(found[consequence.image].is_none(), "one rule or none");
            found[consequence.image] = Some((consequence.action, consequence.rule_priority));
        }
        prop_assert_eq!(found, want);
        let ages = evaluation.consequences.iter().map(|consequence| images[consequence.image].pushed_at);
        prop_assert!(ages.is_sorted(), "oldest first");
    }

    #[test]
    fn the_order_of_the_images_does_not_matter(images in candidates(), policy in policies()) {
        let by_digest = |images: &[Candidate]| {
            let evaluation = policy.evaluate(images, now());
            let named = evaluation.consequences.iter().map(|c| (images[c.image].digest.hex(), c.rule_priority));
            named.collect::<Vec<_>>()
        };
        let reversed: Vec<_> = images.iter().rev().cloned().collect();
        prop_assert_eq!(by_digest(&images), by_digest(&reversed));
    }
}
