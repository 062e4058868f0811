//! Findings of all images: filtered, sorted, in pages.
//!
//! Without an order findings come by repository, image and vulnerability, and a page ends the walk. With one every page walks
//! over all images that the criteria leave, and holds no more than a page of them. What is asked of details (other names,
//! layers, paths) has to be found again image by image; a page that is not sorted then ends early, with a token to go on
//! from, as AWS's own pages may.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use pratique_advisory::Database;
use xxhash_rust::xxh3::Xxh3;

use super::{
    ImageFinding, Sort, Status,
    criteria::{Criteria, Fields, Values},
    detail::{Details, WhereFound},
    page::{Page, Position, Rank},
    row::{Held, Row},
    subject::Subject,
    suppress::Action,
    walk::Walk,
};
use crate::{
    Caller, Service, ServiceError,
    tokens::{read_token, write_token},
};

/// Images whose details are found again for one page, at most.
const EXAMINED: usize = 100;

/// Which findings are asked for.
#[derive(Debug, Clone, Default)]
pub struct FindingsQuery {
    /// Which.
    pub criteria: Criteria,
    /// In which order.
    pub sort: Option<Sort>,
    /// How many at once; at least one.
    pub limit: usize,
    /// Where an earlier page ended.
    pub token: Option<String>,
}

/// A page of findings.
#[derive(Debug, Clone)]
pub struct FindingsPage {
    /// The findings.
    pub findings: Vec<ImageFinding>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Says which findings are meant, and which are suppressed.
pub(crate) struct Judge {
    pub(crate) criteria: Criteria,
    suppressions: Vec<Criteria>,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) advisories: Option<Arc<Database>>,
}

/// A repository of whose images nothing is known yet.
struct Named<'a>(&'a str);

impl Fields for Named<'_> {
    fn get(&self, criterion: &str) -> Values<'_> {
        match criterion {
            "ecrImageRepositoryName" | "cloudImageRepositoryName" => Values::text(self.0),
            _ => Values::Unknown,
        }
    }
}

impl Judge {
    pub(crate) fn new(
        criteria: Criteria,
        suppressions: Vec<Criteria>,
        account: &str,
        region: &str,
        advisories: Option<Arc<Database>>,
    ) -> Self {
        let (account, region) = (account.to_owned(), region.to_owned());
        Self { criteria, suppressions, account, region, advisories }
    }

    fn subject<'a>(&'a self, image: &'a Held) -> Subject<'a> {
        Subject {
            account: &self.account,
            region: &self.region,
            advisories: self.advisories.as_deref(),
            image,
            row: None,
            status: None,
            details: None,
        }
    }

    /// Whether anything in the repository may be meant.
    pub(crate) fn may_be_in(&self, repository: &str) -> bool {
        self.criteria.fit(&Named(repository)) != Some(false)
    }

    /// Whether anything in the image may be meant.
    pub(crate) fn may_be_of(&self, image: &Held) -> bool {
        self.criteria.fit(&self.subject(image)) != Some(false)
    }

    /// Whether the tags of images make a difference.
    pub(crate) fn asks_for_tags(&self) -> bool {
        let mut all = self.suppressions.iter().chain([&self.criteria]);
        all.any(|criteria| {
            ["ecrImageTags", "cloudImageTags"].iter().any(|name| !criteria.conditions(name).is_empty())
        })
    }

    /// Whether a finding is told of; `None` if details are needed to tell.
    pub(crate) fn status(&self, row: &Row, details: Option<&Details>) -> Option<Status> {
        if row.closed.is_some() {
            return Some(Status::Closed);
        }
        let subject =
            Subject { row: Some(row), status: Some(Status::Active), details, ..self.subject(&row.image) };
        let mut status = Some(Status::Active);
        for criteria in &self.suppressions {
            match criteria.fit(&subject) {
                Some(true) => return Some(Status::Suppressed),
                Some(false) => {}
                None => status = None,
            }
        }
        status
    }

    /// Whether a finding is meant; `None` if details are needed to tell.
    pub(crate) fn is_meant(&self, row: &Row, details: Option<&Details>) -> Option<bool> {
        let status = self.status(row, details);
        let subject = Subject { row: Some(row), status, details, ..self.subject(&row.image) };
        self.criteria.fit(&subject)
    }
}

/// Where a finding stands in an order.
pub(crate) fn position(row: &Row, rank: Rank, descending: bool) -> Position {
    let image = &row.image.found_in;
    Position {
        rank,
        descending,
        repository: image.repository.clone(),
        digest: image.digest.clone(),
        vulnerability: row.vulnerability.to_string(),
    }
}

/// The position of a finding where nothing is sorted.
fn end_of(image: &Held, vulnerability: &str) -> Position {
    Position {
        rank: Rank::Nothing,
        descending: false,
        repository: image.found_in.repository.clone(),
        digest: image.found_in.digest.clone(),
        vulnerability: vulnerability.to_owned(),
    }
}

impl FindingsQuery {
    /// Names the query in its tokens. The size of pages may change between them.
    fn hash(&self, caller: &Caller) -> u64 {
        let mut hash = Xxh3::new();
        serde_json::to_string(&self.criteria).unwrap_or_default().hash(&mut hash);
        self.sort.hash(&mut hash);
        caller.id.hash(&mut hash);
        hash.finish()
    }
}

impl Service {
    /// What judges findings by these criteria and the filters that there are.
    pub(crate) async fn judge_of_findings(&self, criteria: Criteria) -> Result<Judge, ServiceError> {
        let filters = self.finding_filters().await?.into_iter();
        let suppressions = filters
            .filter(|filter| filter.action == Action::Suppress)
            .map(|filter| filter.criteria)
            .collect();
        let options = self.options();
        Ok(Judge::new(criteria, suppressions, &options.account, &options.region, self.advisories()))
    }

    /// A page of the findings in all images that `caller` may pull.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a token that is none of this query.
    pub async fn list_findings(
        &self,
        caller: &Caller,
        query: FindingsQuery,
    ) -> Result<FindingsPage, ServiceError> {
        let hash = query.hash(caller);
        let after = query.token.as_deref().map(|token| read_token::<Position>(hash, token)).transpose()?;
        let judge = self.judge_of_findings(query.criteria).await?;
        let sort = query.sort.filter(|sort| !sort.field.is_constant());
        let descending = sort.is_some_and(|sort| sort.descending);
        // Unsorted, what came before needs not be walked over again; the image where the page ended is looked at once more.
        let from = after.as_ref().filter(|_| sort.is_none());
        let before = from.map(|after| just_before(&after.digest));
        let from = from.zip(before.as_deref()).map(|(after, digest)| (&*after.repository, digest));
        let mut walk = Walk::new(self, caller, &judge, from).await?;
        let mut page = Page::new(query.limit.max(1), after);
        let mut examined = 0;
        let mut resume = None;
        let mut last: Option<(Arc<Held>, Arc<str>)> = None;
        'images: while let Some((image, rows)) = walk.next().await? {
            let mut details = None;
            for row in rows {
                let needs_status = sort.is_some_and(|sort| sort.field == super::SortField::FindingStatus);
                let mut is_meant = judge.is_meant(&row, details.as_deref());
                let is_unclear = is_meant.is_none()
                    || is_meant == Some(true)
                        && needs_status
                        && judge.status(&row, details.as_deref()).is_none();
                if is_unclear && details.is_none() {
                    if sort.is_none() && examined >= EXAMINED {
                        resume = last.map(|(image, vulnerability)| end_of(&image, &vulnerability));
                        break 'images;
                    }
                    examined += 1;
                    let found_in = &image.found_in;
                    details = Some(self.details(&found_in.repository, &found_in.digest).await?);
                    is_meant = judge.is_meant(&row, details.as_deref());
                }
                last = Some((Arc::clone(&image), Arc::clone(&row.vulnerability)));
                if is_meant == Some(true) {
                    let status = judge.status(&row, details.as_deref());
                    let rank = sort.map_or(Rank::Nothing, |sort| {
                        sort.field.rank(&row, status, judge.advisories.as_deref())
                    });
                    page.offer(position(&row, rank, descending), row);
                }
            }
            if sort.is_none() && page.is_complete() {
                break;
            }
        }
        drop(walk);
        let (rows, next) = page.finish();
        let next = next.or(resume).map(|position| write_token(hash, &position));
        Ok(FindingsPage { findings: self.build_page(&judge, rows).await?, next })
    }

    /// The findings of a page, in its order.
    async fn build_page(&self, judge: &Judge, rows: Vec<Row>) -> Result<Vec<ImageFinding>, ServiceError> {
        type OfImage = (Arc<Held>, Vec<usize>, Vec<Row>);
        let mut by_image: HashMap<String, OfImage> = HashMap::new();
        let count = rows.len();
        for (place, row) in rows.into_iter().enumerate() {
            let image = &row.image;
            let entry = by_image
                .entry(image.found_in.arn.clone())
                .or_insert_with(|| (Arc::clone(image), Vec::new(), Vec::new()));
            entry.1.push(place);
            entry.2.push(row);
        }
        let mut findings: Vec<(usize, ImageFinding)> = Vec::with_capacity(count);
        for (image, places, rows) in by_image.into_values() {
            findings.extend(places.into_iter().zip(self.build_findings(judge, &image, rows).await?));
        }
        findings.sort_by_key(|(place, _)| *place);
        Ok(findings.into_iter().map(|(_, finding)| finding).collect())
    }

    /// Where the finding of that id is: remembered, or looked for in all images.
    pub(crate) async fn find_place(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<WhereFound>, ServiceError> {
        if let Some(place) = self.recent_findings().place(id) {
            return Ok(Some(place));
        }
        let judge = self.judge_of_findings(Criteria::default()).await?;
        let mut walk = Walk::new(self, caller, &judge, None).await?;
        while let Some((image, rows)) = walk.next().await? {
            if let Some(row) = rows.iter().find(|row| row.id() == id) {
                return Ok(Some(WhereFound {
                    repository: image.found_in.repository.clone(),
                    digest: image.found_in.digest.clone(),
                    vulnerability: row.vulnerability.to_string(),
                }));
            }
        }
        Ok(None)
    }
}

/// A text that comes before this one, and behind all that come before it.
fn just_before(digest: &str) -> String {
    // Digests have the same length within an algorithm: the same without its last character, and what the end can be.
    let mut text = digest.to_owned();
    text.pop();
    text
}
