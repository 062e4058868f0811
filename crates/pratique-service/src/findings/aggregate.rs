//! Findings counted: by package, title, repository, image, layer, and all together.
//!
//! What is there counts, whatever is closed or suppressed does not.

use std::collections::{BTreeMap, HashSet};

use pratique_advisory::Level;

use super::{Fix, FoundIn, Status, criteria::Criteria, row::Row, walk::Walk};
use crate::{Caller, Service, ServiceError};

/// What findings are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// All together: there is one account, and one type of findings.
    All,
    /// Names of packages.
    Package,
    /// Titles.
    Title,
    /// Repositories.
    Repository,
    /// Images.
    Image,
    /// Layers of images.
    Layer,
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of all.
    pub all: u64,
    /// By level: see [`Level::ALL`].
    levels: [u64; Level::ALL.len()],
}

impl Counts {
    fn add(&mut self, level: Level) {
        self.all += 1;
        if let Some(count) = self.levels.get_mut(level as usize) {
            *count += 1;
        }
    }

    /// Of one level.
    pub fn of(&self, level: Level) -> u64 {
        self.levels.get(level as usize).copied().unwrap_or(0)
    }
}

/// Findings that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// What they have in common: the name, title, repository, image ARN; of a layer its digest.
    pub name: String,
    /// The vulnerability, of a title.
    pub vulnerability: Option<String>,
    /// The image, of an image or layer.
    pub image: Option<FoundIn>,
    /// How many there are.
    pub counts: Counts,
    /// Of these, how many are known to be exploited.
    pub exploited: u64,
    /// Of these, how many can be fixed, wholly.
    pub fixable: u64,
    /// In how many images they are.
    pub images: u64,
}

/// Images that are looked at layer by layer, at most: each has to be examined.
const LAYERED: usize = 1000;

impl Service {
    /// Counts the active findings that fit, in the order of the groups' names.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] if too many images would have to be examined.
    pub async fn count_findings(
        &self,
        caller: &Caller,
        by: By,
        criteria: Criteria,
    ) -> Result<Vec<Group>, ServiceError> {
        let judge = self.judge_of_findings(criteria).await?;
        let mut walk = Walk::new(self, caller, &judge, None).await?;
        if by == By::Image {
            walk = walk.with_tags();
        }
        let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
        let mut examined = 0;
        while let Some((image, rows)) = walk.next().await? {
            let mut details = None;
            let mut seen: HashSet<(String, String)> = HashSet::new();
            for row in rows {
                let needs = by == By::Layer && row.closed.is_none()
                    || judge.is_meant(&row, None).is_none()
                    || judge.status(&row, None).is_none();
                if needs && details.is_none() {
                    examined += 1;
                    if examined > LAYERED {
                        return Err(ServiceError::Invalid(format!(
                            "this is counted in the layers of more than {LAYERED} images: name repositories or images"
                        )));
                    }
                    let found_in = &image.found_in;
                    details = Some(self.details(&found_in.repository, &found_in.digest).await?);
                }
                let details = details.as_deref();
                let is_active = judge.status(&row, details) == Some(Status::Active);
                if !is_active || judge.is_meant(&row, details) != Some(true) {
                    continue;
                }
                for name in names_of(by, &row, details) {
                    let found_in = &image.found_in;
                    let within = if by == By::Layer { found_in.arn.clone() } else { String::new() };
                    let key = (name, within);
                    let group = groups.entry(key.clone()).or_insert_with(|| Group {
                        name: key.0.clone(),
                        vulnerability: (by == By::Title).then(|| row.vulnerability.to_string()),
                        image: matches!(by, By::Image | By::Layer).then(|| found_in.clone()),
                        ..Group::default()
                    });
                    group.counts.add(row.level);
                    group.exploited += u64::from(row.is_exploited());
                    group.fixable += u64::from(row.fix() == Fix::Yes);
                    group.images += u64::from(seen.insert(key));
                }
            }
        }
        Ok(groups.into_values().collect())
    }
}

/// The groups that a finding belongs to, each once.
fn names_of(by: By, row: &Row, details: Option<&super::detail::Details>) -> Vec<String> {
    let image = &row.image.found_in;
    let mut names: Vec<String> = match by {
        By::All => vec![String::new()],
        By::Title => vec![row.title()],
        By::Repository => vec![image.repository.clone()],
        By::Image => vec![image.arn.clone()],
        By::Package => {
            row.parts.iter().map(|part| part.component.matchable.package.full_name().into_owned()).collect()
        }
        By::Layer => {
            let places = row.parts.iter().flat_map(|part| {
                details.map(|details| details.places(part.component.key)).unwrap_or_default()
            });
            places.filter_map(|place| place.layer.clone()).collect()
        }
    };
    names.sort_unstable();
    names.dedup();
    names
}
