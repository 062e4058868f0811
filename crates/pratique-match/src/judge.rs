//! One version against one record: affected, fixed, not affected, or not to be told.
//!
//! A version that does not parse is [`Verdict::Unknown`] and visible, never "not vulnerable".

use pratique_advisory::{Affected, RangeKind, State, VersionPlace};
use pratique_version::{
    Parsed, Scheme,
    range::{self, Outside, Position},
};

/// What a record says of a version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is affected.
    Affected {
        /// What decided: `4.0.0 <= 4.17.4 < 4.17.5`, or that it is listed.
        reason: String,
        /// The lowest version that this record calls fixed, on the version's own branch.
        fixed: Option<String>,
    },
    /// It is past a fix.
    Fixed {
        /// The fix.
        by: String,
    },
    /// It is outside of all that the record calls affected.
    NotAffected {
        /// Why.
        reason: String,
    },
    /// It cannot be told.
    Unknown {
        /// Why: a sentence that names the version.
        reason: String,
    },
}

impl Verdict {
    /// The verdict in two words at most.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Affected { .. } => "affected",
            Self::Fixed { .. } => "fixed",
            Self::NotAffected { .. } => "not affected",
            Self::Unknown { .. } => "not to be told",
        }
    }

    /// Whether the version is affected.
    pub fn is_affected(&self) -> bool {
        matches!(self, Self::Affected { .. })
    }
}

/// The installed version, read once per ordering.
pub struct Installed<'p> {
    text: &'p str,
    scheme: Scheme,
    own: Result<Parsed<'p>, String>,
    /// For ranges that are semantic versions whatever the ecosystem says.
    semver: Option<Result<Parsed<'p>, String>>,
}

impl<'p> Installed<'p> {
    /// Reads `version` as `scheme` orders it.
    pub fn new(version: &'p str, scheme: Scheme) -> Self {
        let own = Parsed::parse(scheme, version).map_err(|e| e.to_string());
        Self { text: version, scheme, own, semver: None }
    }

    pub(crate) fn for_range(&mut self, kind: RangeKind) -> (&Result<Parsed<'p>, String>, Scheme) {
        if kind == RangeKind::Ecosystem || is_semantic(self.scheme) {
            return (&self.own, self.scheme);
        }
        let text = self.text;
        let semver =
            self.semver.get_or_insert_with(|| Parsed::parse(Scheme::Semver, text).map_err(|e| e.to_string()));
        (semver, Scheme::Semver)
    }
}

/// Orderings that are semantic versions with an ecosystem's own tolerance.
fn is_semantic(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::Semver | Scheme::Npm | Scheme::Cargo | Scheme::Go | Scheme::Hex | Scheme::Pub)
}

/// Orderings in which one version has many spellings, so that a list of versions must be compared, not read.
fn has_many_spellings(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::Pep440 | Scheme::Maven | Scheme::RubyGems | Scheme::NuGet | Scheme::Composer)
}

/// Decides one pair. `place` is where the version stands in the database's list of the package's versions.
pub fn judge(installed: &mut Installed<'_>, place: VersionPlace, affected: &Affected<'_>) -> Verdict {
    judge_listed(installed, affected.versions().has(place), affected)
}

/// The same where it is known already whether the record lists the version by its spelling.
pub(crate) fn judge_listed(installed: &mut Installed<'_>, listed: bool, affected: &Affected<'_>) -> Verdict {
    if affected.state() == State::NotAffected {
        let reason = "its publisher has looked: the package does not have the flaw".to_owned();
        return Verdict::NotAffected { reason };
    }
    let mut outside: Option<Verdict> = None;
    let mut unknown: Option<String> = None;
    for range in affected.ranges() {
        let (version, _) = installed.for_range(range.kind);
        let version = match version {
            Ok(version) => version,
            Err(why) => {
                unknown.get_or_insert_with(|| why.clone());
                continue;
            }
        };
        match range::locate(version, range.events) {
            Position::Affected { introduced, fixed, last_affected } => {
                let reason = interval(installed.text, introduced, fixed, last_affected);
                return Verdict::Affected { reason, fixed: lowest_fix(installed, affected) };
            }
            Position::Fixed { by } => outside = Some(Verdict::Fixed { by: by.to_owned() }),
            Position::NotAffected(why) => {
                outside
                    .get_or_insert_with(|| Verdict::NotAffected { reason: outside_of(installed.text, why) });
            }
            Position::Unknown(why) => {
                unknown.get_or_insert_with(|| why.to_string());
            }
        }
    }
    if listed || (affected.ranges().next().is_none() && is_listed(installed, affected)) {
        let count = affected.versions().iter().count();
        let reason = format!("{} is listed among {count} versions", installed.text);
        return Verdict::Affected { reason, fixed: lowest_fix(installed, affected) };
    }
    match (unknown, outside) {
        (Some(reason), _) => Verdict::Unknown { reason },
        (None, Some(verdict)) => verdict,
        (None, None) => {
            Verdict::NotAffected { reason: format!("{} is not among the listed versions", installed.text) }
        }
    }
}

/// Whether another spelling of the version is listed.
pub(crate) fn is_listed(installed: &Installed<'_>, affected: &Affected<'_>) -> bool {
    let Ok(version) = &installed.own else { return false };
    has_many_spellings(installed.scheme)
        && affected
            .versions()
            .iter()
            .filter_map(|listed| Parsed::parse(installed.scheme, listed).ok())
            .any(|listed| listed.compare(version).is_some_and(std::cmp::Ordering::is_eq))
}

/// The lowest fix above the version that none of the record's ranges covers.
fn lowest_fix(installed: &mut Installed<'_>, affected: &Affected<'_>) -> Option<String> {
    let kind = affected.ranges().next()?.kind;
    let (version, _) = installed.for_range(kind);
    let version = version.as_ref().ok()?;
    let ranges = affected.ranges().map(|range| range.events);
    range::lowest_fix(version, ranges).map(str::to_owned)
}

/// `introduced <= version < fixed`.
fn interval(version: &str, introduced: &str, fixed: Option<&str>, last_affected: Option<&str>) -> String {
    let from = if introduced == "0" { String::new() } else { format!("{introduced} <= ") };
    match (fixed, last_affected) {
        (Some(fixed), _) => format!("{from}{version} < {fixed}"),
        (None, Some(last)) => format!("{from}{version} <= {last}"),
        (None, None) if from.is_empty() => format!("every version is affected, {version} too"),
        (None, None) => format!("{from}{version}, and no end is known"),
    }
}

fn outside_of(version: &str, why: Outside<'_>) -> String {
    match why {
        Outside::BeforeIntroduced => format!("{version} is older than everything affected"),
        Outside::AfterLastAffected(last) => format!("{version} is newer than {last}, the last one affected"),
        Outside::PastLimit => format!("{version} lies beyond the limit of the range"),
    }
}
