//! What findings have in place of each criterion.

use pratique_advisory::Database;

use super::{
    Status,
    criteria::{Fields, PackageValues, Values},
    detail::Details,
    package::parts_of,
    row::{Held, Row},
    source::publisher,
};
use crate::scan::severity_name;

/// A finding as criteria see it; or an image all of whose findings are meant.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) advisories: Option<&'a Database>,
    pub(crate) image: &'a Held,
    /// The finding; `None` if only its image is known yet.
    pub(crate) row: Option<&'a Row>,
    /// `None` if it is not known yet.
    pub(crate) status: Option<Status>,
    /// `None` if they are not at hand.
    pub(crate) details: Option<&'a Details>,
}

/// The chance that a vulnerability is exploited. A database that is damaged there knows nothing of it.
pub(crate) fn epss(advisories: Option<&Database>, vulnerability: &str) -> Option<f32> {
    let facts = advisories?.cve(vulnerability).ok().flatten()?;
    facts.epss.map(|epss| epss.probability)
}

impl Fields for Subject<'_> {
    fn get(&self, criterion: &str) -> Values<'_> {
        let image = &self.image.found_in;
        match criterion {
            "awsAccountId" | "cloudProviderAccountId" | "ecrImageRegistry" | "cloudImageRegistry" => {
                return Values::text(self.account);
            }
            "cloudProvider" => return Values::text("AWS"),
            "cloudProviderRegion" => return Values::text(self.region),
            "findingType" => return Values::text("PACKAGE_VULNERABILITY"),
            "resourceType" => return Values::text("AWS_ECR_CONTAINER_IMAGE"),
            "resourceId" => return Values::text(&*image.arn),
            "ecrImageRepositoryName" | "cloudImageRepositoryName" => return Values::text(&*image.repository),
            "ecrImageHash" | "cloudImageDigest" => return Values::text(&*image.digest),
            "ecrImageArchitecture" | "cloudImageArchitecture" => return Values::text(&*image.architecture),
            "ecrImagePushedAt" | "cloudImagePushedAt" => return Values::Time(image.pushed_at),
            "ecrImageTags" | "cloudImageTags" => {
                return Values::Texts(image.tags.iter().map(Into::into).collect());
            }
            _ => {}
        }
        let is_ours = matches!(
            criterion,
            "findingArn"
                | "findingStatus"
                | "severity"
                | "vendorSeverity"
                | "title"
                | "firstObservedAt"
                | "lastObservedAt"
                | "updatedAt"
                | "inspectorScore"
                | "epssScore"
                | "fixAvailable"
                | "exploitAvailable"
                | "vulnerabilityId"
                | "vulnerabilitySource"
                | "relatedVulnerabilities"
                | "vulnerablePackages"
        );
        match self.row {
            _ if !is_ours => Values::NOTHING,
            None => Values::Unknown,
            Some(row) => self.of_row(criterion, row),
        }
    }
}

impl<'a> Subject<'a> {
    fn of_row(&self, criterion: &str, row: &'a Row) -> Values<'a> {
        let optional = |number: Option<f32>| match number {
            Some(number) => Values::Number(decimal(number)),
            None => Values::NOTHING,
        };
        match criterion {
            "findingArn" => Values::text(format!(
                "arn:aws:inspector2:{}:{}:finding/{}",
                self.region,
                self.account,
                row.id()
            )),
            "findingStatus" => match self.status {
                Some(status) => Values::text(status.name()),
                None => Values::Unknown,
            },
            "severity" => Values::text(severity_name(row.level)),
            "vendorSeverity" => match row.vendor_severity() {
                Some(word) => Values::text(word),
                None => Values::NOTHING,
            },
            "title" => Values::text(row.title()),
            "firstObservedAt" => Values::Time(row.first),
            "lastObservedAt" | "updatedAt" => Values::Time(row.updated),
            "inspectorScore" => optional(row.score()),
            "epssScore" => optional(epss(self.advisories, &row.vulnerability)),
            "fixAvailable" => Values::text(row.fix().name()),
            "exploitAvailable" => Values::text(if row.is_exploited() { "YES" } else { "NO" }),
            "vulnerabilityId" => Values::text(&*row.vulnerability),
            "vulnerabilitySource" => match row.parts.first() {
                Some(part) => Values::text(publisher(&row.vulnerability, &part.component.matchable).0),
                None => Values::NOTHING,
            },
            "relatedVulnerabilities" => match self.details {
                Some(details) => {
                    let related = details.related(&row.vulnerability).into_iter();
                    Values::Texts(related.map(Into::into).collect())
                }
                None => Values::Unknown,
            },
            "vulnerablePackages" => Values::Packages(packages(row, self.details)),
            _ => Values::NOTHING,
        }
    }
}

fn packages<'a>(row: &'a Row, details: Option<&'a Details>) -> Vec<PackageValues<'a>> {
    let mut packages = Vec::with_capacity(row.parts.len());
    for part in &row.parts {
        let package = &part.component.matchable.package;
        let parts = parts_of(package.kind, &package.version);
        let values = PackageValues {
            name: package.full_name(),
            version: parts.version,
            epoch: parts.epoch,
            release: parts.release,
            architecture: package.arch.as_ref().map(|arch| arch.to_uppercase()),
            place: None,
        };
        let Some(details) = details else {
            packages.push(values);
            continue;
        };
        let places = details.places(part.component.key);
        if places.is_empty() {
            packages.push(PackageValues { place: Some((None, None)), ..values.clone() });
        }
        packages.extend(places.iter().map(|place| PackageValues {
            place: Some((place.layer.as_deref(), place.path.as_deref())),
            ..values.clone()
        }));
    }
    packages
}

/// A number as people write it: 9.8 and not 9.800000190734863.
pub fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}
