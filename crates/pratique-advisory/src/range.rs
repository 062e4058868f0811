//! The vocabulary of affected ranges.

/// How the versions of a range are ordered: the range types of the OSV schema, without `GIT`, which has no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeKind {
    /// Semantic Versioning 2.0, whatever the ecosystem's own rules.
    Semver,
    /// The rules of the package's ecosystem.
    Ecosystem,
}

impl RangeKind {
    pub(crate) fn code(self) -> u64 {
        match self {
            RangeKind::Semver => 0,
            RangeKind::Ecosystem => 1,
        }
    }

    /// From the lowest bit of `code`.
    pub(crate) fn from_code(code: u64) -> RangeKind {
        if code & 1 == 0 { RangeKind::Semver } else { RangeKind::Ecosystem }
    }
}

/// A version at which a range changes: the events of the OSV schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event<'a> {
    /// The first affected version; `0` comes before every version.
    Introduced(&'a str),
    /// The first version that is not affected any more.
    Fixed(&'a str),
    /// The last affected version.
    LastAffected(&'a str),
    /// From this version on the range says nothing; `*` for no such version.
    Limit(&'a str),
}

impl<'a> Event<'a> {
    /// The version that the event names.
    pub fn version(&self) -> &'a str {
        match *self {
            Event::Introduced(version)
            | Event::Fixed(version)
            | Event::LastAffected(version)
            | Event::Limit(version) => version,
        }
    }

    pub(crate) fn code(&self) -> u64 {
        match self {
            Event::Introduced(_) => 0,
            Event::Fixed(_) => 1,
            Event::LastAffected(_) => 2,
            Event::Limit(_) => 3,
        }
    }

    pub(crate) fn from_code(code: u64, version: &'a str) -> Option<Event<'a>> {
        Some(match code {
            0 => Event::Introduced(version),
            1 => Event::Fixed(version),
            2 => Event::LastAffected(version),
            3 => Event::Limit(version),
            _ => return None,
        })
    }
}

/// What a publisher says about a fix beyond what the ranges say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Nothing: the ranges tell whether there is a fix.
    #[default]
    Unstated,
    /// The release gets no fixes any more.
    EndOfLife,
    /// There will be none.
    WillNotFix,
    /// Later, with another update.
    Deferred,
    /// It is not clear yet whether the package is affected.
    UnderInvestigation,
    /// There is one, for subscribers.
    NeedsSubscription,
}

impl State {
    const ALL: [State; 6] = [
        State::Unstated,
        State::EndOfLife,
        State::WillNotFix,
        State::Deferred,
        State::UnderInvestigation,
        State::NeedsSubscription,
    ];

    pub(crate) fn from_code(code: u8) -> Option<State> {
        State::ALL.get(usize::from(code)).copied()
    }
}

/// Why an entry is no vulnerability, though it is an advisory: RustSec's `informational`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Informational {
    /// Nobody maintains the package.
    Unmaintained = 1,
    /// Safe-looking uses of the package can break memory safety.
    Unsound = 2,
    /// Something else worth knowing.
    Notice = 3,
}

impl Informational {
    pub(crate) fn from_code(code: u8) -> Option<Informational> {
        [Informational::Unmaintained, Informational::Unsound, Informational::Notice]
            .into_iter()
            .find(|kind| *kind as u8 == code)
    }

    pub(crate) fn from_word(word: &str) -> Informational {
        match word {
            "unmaintained" => Informational::Unmaintained,
            "unsound" => Informational::Unsound,
            _ => Informational::Notice,
        }
    }
}
