//! Policy × images → what becomes of which.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use pratique_image::Digest;

use super::policy::{Action, Count, LifecyclePolicy, Rule, StorageClass};

/// An image, an index or an artifact of the repository, with what rules ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its digest.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it was last pulled, as far as that counts.
    pub pulled_at: Option<Timestamp>,
    /// When it last came back from the archive.
    pub activated_at: Option<Timestamp>,
    /// When it last went to the archive.
    pub archived_at: Option<Timestamp>,
    /// Where it lies. On the way out of the archive it is [`StorageClass::Standard`].
    pub storage: StorageClass,
    /// What it lists, if it is an index.
    pub children: Vec<Digest>,
    /// What it is about, if it is a signature, a bill of materials or the like.
    pub subject: Option<Digest>,
}

/// What becomes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequence {
    /// Which of the images that were given.
    pub image: usize,
    /// What becomes of it.
    pub action: Action,
    /// The `rulePriority` of the rule that says so.
    pub rule_priority: u32,
    /// Whether no rule says so of this image, but of the one that it refers to.
    pub follows_subject: bool,
}

/// What a policy does to a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// One for each image that does not stay as it is, the oldest first.
    pub consequences: Vec<Consequence>,
}

impl Evaluation {
    /// How many images expire.
    pub fn expiring(&self) -> usize {
        self.consequences.iter().filter(|consequence| consequence.action == Action::Expire).count()
    }

    /// How many images go to the archive.
    pub fn transitioning(&self) -> usize {
        self.consequences.len() - self.expiring()
    }
}

/// A rule's mark on an image.
#[derive(Debug, Clone, Copy)]
struct Mark {
    action: Action,
    rule_priority: u32,
    follows_subject: bool,
}

impl LifecyclePolicy {
    /// What becomes of the images of a repository at `now`.
    ///
    /// All of the repository's images have to be given: counts, indexes and referrers depend on the others.
    ///
    /// Signatures and other referrers are images to the rules like any others, as they are to ECR; beyond that, one
    /// whose subject expires goes with it. An index's images neither expire nor move while the index stays as it is;
    /// they may move where it moves or expires, and expire only where it expires.
    pub fn evaluate(&self, images: &[Candidate], now: Timestamp) -> Evaluation {
        let mut marks = self.marks(images, now);
        let relations = Relations::of(images);
        relations.release_held(&mut marks);
        relations.take_referrers(&mut marks);
        let mut consequences: Vec<_> = marks
            .into_iter()
            .enumerate()
            .filter_map(|(image, mark)| {
                let Mark { action, rule_priority, follows_subject } = mark?;
                Some(Consequence { image, action, rule_priority, follows_subject })
            })
            .collect();
        consequences.sort_by_key(|consequence| {
            images.get(consequence.image).map(|i| (i.pushed_at, i.digest.as_bytes()))
        });
        Evaluation { consequences }
    }

    /// Each rule's marks: it may mark what no earlier rule identified.
    fn marks(&self, images: &[Candidate], now: Timestamp) -> Vec<Option<Mark>> {
        let mut states = vec![(false, None); images.len()];
        let mut youngest_first: Vec<_> = images.iter().zip(&mut states).collect();
        // The digest makes an order among images of the same moment.
        youngest_first.sort_by_key(|(image, _)| (Reverse(image.pushed_at), image.digest.as_bytes()));
        for rule in &self.rules {
            let identified = youngest_first.iter_mut().filter(|(image, _)| {
                image.storage == rule.selection.storage && rule.selection.tags.fit(&image.tags)
            });
            for (younger, (image, (was_identified, mark))) in identified.enumerate() {
                if !*was_identified && rule.is_too_much(image, younger, now) {
                    *mark = Some(Mark {
                        action: rule.action,
                        rule_priority: rule.priority,
                        follows_subject: false,
                    });
                }
                *was_identified = true;
            }
        }
        states.into_iter().map(|(_, mark)| mark).collect()
    }
}

impl Rule {
    /// Whether an image with so many younger ones beside it is one too many.
    fn is_too_much(&self, image: &Candidate, younger: usize, now: Timestamp) -> bool {
        let is_older = |than: u64, since: Timestamp| {
            let hours = i64::try_from(than).unwrap_or(i64::MAX).saturating_mul(24);
            // A duration that long has no start: nothing is that old.
            let limit = SignedDuration::try_from_hours(hours).unwrap_or(SignedDuration::MAX);
            now.duration_since(since) > limit
        };
        match self.selection.count {
            Count::ImagesMoreThan(most) => u64::try_from(younger).is_ok_and(|younger| younger >= most),
            Count::DaysSincePushed(days) => is_older(days, image.pushed_at),
            Count::DaysSincePulled(days) => {
                let used = image.pulled_at.unwrap_or(image.pushed_at);
                is_older(days, image.activated_at.map_or(used, |back| back.max(used)))
            }
            Count::DaysSinceTransitioned(days) => {
                image.archived_at.is_some_and(|since| is_older(days, since))
            }
        }
    }
}

/// How images depend on each other, by their places.
struct Relations {
    /// What each image lists.
    children: Vec<Vec<usize>>,
    /// By what each image is listed.
    parents: Vec<Vec<usize>>,
    /// What refers to each image.
    referrers: Vec<Vec<usize>>,
}

impl Relations {
    fn of(images: &[Candidate]) -> Self {
        let places: HashMap<_, _> =
            images.iter().enumerate().map(|(at, image)| (&image.digest, at)).collect();
        let place = |digest: &Digest, from: usize| places.get(digest).copied().filter(|at| *at != from);
        let mut relations = Self {
            children: Vec::with_capacity(images.len()),
            parents: vec![Vec::new(); images.len()],
            referrers: vec![Vec::new(); images.len()],
        };
        for (at, image) in images.iter().enumerate() {
            let children: Vec<_> = image.children.iter().filter_map(|child| place(child, at)).collect();
            for child in &children {
                if let Some(parents) = relations.parents.get_mut(*child) {
                    parents.push(at);
                }
            }
            relations.children.push(children);
            let subject = image.subject.as_ref().and_then(|subject| place(subject, at));
            if let Some(referrers) = subject.and_then(|subject| relations.referrers.get_mut(subject)) {
                referrers.push(at);
            }
        }
        relations
    }

    /// Takes the marks off images that an index holds, which may set free what they list themselves.
    fn release_held(&self, marks: &mut [Option<Mark>]) {
        let mut to_check: Vec<usize> = (0..marks.len()).collect();
        while let Some(image) = to_check.pop() {
            let Some(mark) = marks.get(image).copied().flatten() else { continue };
            if self.is_held(image, mark.action, marks) {
                if let Some(slot) = marks.get_mut(image) {
                    *slot = None;
                }
                to_check.extend(self.children.get(image).into_iter().flatten());
            }
        }
    }

    fn is_held(&self, image: usize, action: Action, marks: &[Option<Mark>]) -> bool {
        let mut parents = self.parents.get(image).into_iter().flatten();
        parents.any(|parent| match (action, marks.get(*parent).copied().flatten()) {
            (_, None) => true,
            (Action::Expire, Some(parent)) => parent.action != Action::Expire,
            (Action::Transition { .. }, Some(_)) => false,
        })
    }

    /// Lets everything that refers to an expiring image go with it, and what refers to that. What an index still holds is
    /// looked at again once more has gone, since the index may have gone too.
    fn take_referrers(&self, marks: &mut [Option<Mark>]) {
        let expires = |mark: &Option<Mark>| mark.is_some_and(|mark| mark.action == Action::Expire);
        loop {
            let mut expiring: Vec<usize> =
                (0..marks.len()).filter(|at| marks.get(*at).is_some_and(expires)).collect();
            let before = expiring.len();
            let mut more = 0;
            while let Some(subject) = expiring.pop() {
                let Some(mark) = marks.get(subject).copied().flatten() else { continue };
                for referrer in self.referrers.get(subject).into_iter().flatten().copied() {
                    if marks.get(referrer).is_some_and(expires)
                        || self.is_held(referrer, Action::Expire, marks)
                    {
                        continue;
                    }
                    if let Some(slot) = marks.get_mut(referrer) {
                        *slot = Some(Mark { follows_subject: true, ..mark });
                        expiring.push(referrer);
                        more += 1;
                    }
                }
            }
            if more == 0 || before == 0 {
                break;
            }
        }
    }
}
