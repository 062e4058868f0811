//! The vocabulary of affected ranges, beyond the events, which `pratique-version` defines and evaluates.

pub use pratique_version::range::Event;

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

/// The version that an event names.
pub(crate) fn version<'a>(event: &Event<'a>) -> &'a str {
    match *event {
        Event::Introduced(version)
        | Event::Fixed(version)
        | Event::LastAffected(version)
        | Event::Limit(version) => version,
    }
}

/// The number of an event's kind in the file.
pub(crate) fn event_code(event: &Event<'_>) -> u64 {
    match event {
        Event::Introduced(_) => 0,
        Event::Fixed(_) => 1,
        Event::LastAffected(_) => 2,
        Event::Limit(_) => 3,
    }
}

pub(crate) fn event_from_code(code: u64, version: &str) -> Option<Event<'_>> {
    Some(match code {
        0 => Event::Introduced(version),
        1 => Event::Fixed(version),
        2 => Event::LastAffected(version),
        3 => Event::Limit(version),
        _ => return None,
    })
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
    /// The package does not have the flaw: the publisher has looked. In no version, or, where the entry lists versions, not
    /// in those.
    NotAffected,
}

impl State {
    const ALL: [State; 7] = [
        State::Unstated,
        State::EndOfLife,
        State::WillNotFix,
        State::Deferred,
        State::UnderInvestigation,
        State::NeedsSubscription,
        State::NotAffected,
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
