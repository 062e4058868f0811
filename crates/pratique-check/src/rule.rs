//! Rules, checks, and what they find.

use pratique_advisory::Level;
use pratique_image::ImagePath;
use serde::Serialize;

/// What a check holds an image or a Dockerfile to: one entry, told to people as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `PI…` for images, `PD…` for Dockerfiles. Never given twice, never changed.
    pub id: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// How bad it is when nothing else is known.
    pub severity: Level,
    /// What can happen because of it.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where others say the same: `CIS Docker 4.1`, `DL3002` (hadolint's rule), …
    pub references: &'static [&'static str],
}

impl Rule {
    /// Whether people call the rule `id`: its own id, or that of another tool's rule that it stands for.
    pub fn is_called(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id) || self.references.iter().any(|name| name.eq_ignore_ascii_case(id))
    }
}

/// What a group of checks looks at.
pub trait Topic {
    /// The subject.
    type Subject<'a>;
}

/// A rule, and how a subject is held to it.
pub struct Check<T: Topic> {
    /// The rule.
    pub rule: Rule,
    /// Says where the subject breaks the rule.
    pub run: for<'a, 'b, 'c> fn(&'b T::Subject<'a>, &'c mut Found),
}

impl<T: Topic> Check<T> {
    /// Everything in which `subject` breaks the rule.
    pub fn of(&'static self, subject: &T::Subject<'_>) -> Vec<Misconfiguration> {
        let mut found = Found(Vec::new());
        (self.run)(subject, &mut found);
        let all = found.0.into_iter();
        all.map(|Stated { place, also, message }| Misconfiguration { rule: &self.rule, place, also, message })
            .collect()
    }
}

/// Where a subject breaks the rule that is being checked.
pub struct Found(Vec<Stated>);

struct Stated {
    place: Place,
    also: Vec<(ImagePath, usize)>,
    message: String,
}

impl Found {
    /// It does so at `place`; `message` names what stands there.
    pub fn at(&mut self, place: Place, message: impl Into<String>) {
        self.0.push(Stated { place, also: Vec::new(), message: message.into() });
    }

    /// It does so in all of `files`, each with its layer, which are one matter; in the configuration if there are none.
    pub fn files(&mut self, mut files: Vec<(ImagePath, usize)>, message: impl Into<String>) {
        files.sort();
        files.dedup();
        let mut files = files.into_iter();
        let place = files.next().map_or(Place::Config, |(path, layer)| Place::File(path, layer));
        self.0.push(Stated { place, also: files.collect(), message: message.into() });
    }

    /// It does so on `line` of the Dockerfile.
    pub fn line(&mut self, line: usize, message: impl Into<String>) {
        self.at(Place::Line(line), message);
    }

    /// It does so in the image's configuration.
    pub fn config(&mut self, message: impl Into<String>) {
        self.at(Place::Config, message);
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The image's configuration.
    Config,
    /// A step of the image's history, counted from 0.
    History(usize),
    /// A file of the image and the index of its layer, counted from 0.
    File(ImagePath, usize),
    /// A line of a Dockerfile, counted from 1.
    Line(usize),
}

/// A rule that is broken, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Misconfiguration {
    /// The rule.
    pub rule: &'static Rule,
    /// Where.
    pub place: Place,
    /// More files where it stands, each with the index of its layer.
    pub also: Vec<(ImagePath, usize)>,
    /// What stands there: a sentence without a full stop.
    pub message: String,
}
