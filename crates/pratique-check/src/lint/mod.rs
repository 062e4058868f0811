//! Checks of Dockerfiles, one topic a file.
//!
//! The rules are those of the CIS Docker Benchmark's chapter 4 that a Dockerfile can show, what Docker's own guide calls
//! best practice, and what hadolint's users know by its numbers, which stand in the references. A comment
//! `# pratique:ignore=PD101,DL3008` (or hadolint's `# hadolint ignore=DL3008`) before an instruction takes rules back for
//! it; `# pratique:ignore-file=…` and `# hadolint global ignore=…` do so for the file.

mod base;
mod copying;
mod fetching;
mod files;
mod language_packages;
mod os_packages;
mod runtime;
mod secret;
mod shell;
mod user;

use std::collections::HashSet;

use crate::{
    dockerfile::{Command, Dockerfile, Instruction, Kind, Stage, shell::Simple},
    rule::{Check, Misconfiguration, Place, Topic},
};

/// Checks whose subject is a [`Subject`].
pub struct Dockerfiles;

impl Topic for Dockerfiles {
    type Subject<'a> = Subject<'a>;
}

/// A Dockerfile and what several checks ask of it.
pub struct Subject<'a> {
    /// The file.
    pub file: &'a Dockerfile,
    /// Its stages.
    pub stages: Vec<Stage<'a>>,
    /// The commands of all `RUN`s.
    pub runs: Vec<Run<'a>>,
}

/// One `RUN` and the commands in it.
pub struct Run<'a> {
    /// The instruction; of `ONBUILD RUN` what is deferred.
    pub instruction: &'a Instruction,
    /// Index of its stage.
    pub stage: usize,
    /// The commands, each with its line.
    pub commands: Vec<(usize, Simple)>,
}

impl Run<'_> {
    /// The commands of the program `names`.
    fn of<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = (usize, &'s Simple)> {
        self.commands
            .iter()
            .filter(move |(_, command)| names.contains(&command.program()))
            .map(|(line, command)| (*line, command))
    }

    /// Whether a cache is mounted on a folder that begins with `path`: then nothing of it stays in the layer.
    fn caches(&self, path: &str) -> bool {
        let mounts = self.instruction.flags.iter().filter(|flag| flag.name == "mount");
        mounts.into_iter().any(|mount| {
            let options: Vec<_> = mount.value.split(',').collect();
            let target = options.iter().find_map(|option| {
                ["target=", "dst=", "destination="].iter().find_map(|key| option.strip_prefix(key))
            });
            (options.contains(&"type=cache") || options.contains(&"type=tmpfs"))
                && target.is_some_and(|target| target.trim_end_matches('/').starts_with(path))
        })
    }
}

impl<'a> Subject<'a> {
    /// Prepares `file`.
    pub fn new(file: &'a Dockerfile) -> Self {
        let stages = file.stages();
        let mut runs = Vec::new();
        for stage in &stages {
            for instruction in stage.instructions {
                let instruction = match &instruction.kind {
                    Kind::Onbuild(inner) => inner.as_ref(),
                    _ => instruction,
                };
                if let Kind::Run(command) = &instruction.kind {
                    let commands = commands(instruction, command);
                    runs.push(Run { instruction, stage: stage.index, commands });
                }
            }
        }
        Self { file, stages, runs }
    }

    /// The stage that becomes the image.
    pub fn last(&self) -> Option<&Stage<'a>> {
        self.stages.last()
    }

    /// The last stage and the stages it stands on, the last first.
    pub fn lineage(&self) -> impl Iterator<Item = &Stage<'a>> {
        std::iter::successors(self.last(), |stage| match stage.base {
            crate::dockerfile::Base::Stage(index) => self.stages.get(index),
            _ => None,
        })
    }

    /// Whether `stage` is the last one or one it stands on: what is done there stays in the image.
    fn stays(&self, stage: usize) -> bool {
        self.lineage().any(|other| other.index == stage)
    }

    /// All instructions of all stages, and what `ONBUILD` defers.
    fn instructions(&self) -> impl Iterator<Item = &'a Instruction> {
        self.file.instructions.iter().map(|instruction| match &instruction.kind {
            Kind::Onbuild(inner) => inner.as_ref(),
            _ => instruction,
        })
    }
}

/// The commands that `RUN` runs, with their lines.
fn commands(instruction: &Instruction, command: &Command) -> Vec<(usize, Simple)> {
    let line = instruction.line();
    match command {
        Command::Exec(words) => {
            // `["sh", "-c", "script"]` is a script all the same.
            if let [shell, option, script, ..] = words.as_slice()
                && shell.ends_with("sh")
                && option.starts_with('-')
                && option.ends_with('c')
            {
                return crate::dockerfile::shell::commands(script).into_iter().map(|c| (line, c)).collect();
            }
            vec![(line, Simple { words: words.clone(), at: 0, piped: false })]
        }
        Command::Shell(script) => {
            let is_script = instruction.heredocs.first().is_some_and(|_| script.starts_with("<<"));
            if let Some(heredoc) = instruction.heredocs.first().filter(|_| is_script) {
                // A body that names its interpreter is no shell script, unless that is a shell.
                let first = heredoc.body.lines().next().unwrap_or_default();
                if first.starts_with("#!") && !first.trim_end().ends_with("sh") {
                    return Vec::new();
                }
                let line_of = |at: usize| {
                    let before = heredoc.body.get(..at).unwrap_or_default();
                    heredoc.line + before.bytes().filter(|&b| b == b'\n').count()
                };
                let found = crate::dockerfile::shell::commands(&heredoc.body);
                return found.into_iter().map(|command| (line_of(command.at), command)).collect();
            }
            let found = crate::dockerfile::shell::commands(script);
            let line_of = |at: usize| instruction.source.line_at(instruction.arguments_at + at);
            found.into_iter().map(|command| (line_of(command.at), command)).collect()
        }
    }
}

/// Whether `word` ends so, in letters of either case: `.rpm`, `.git`.
fn ends(word: &str, ending: &str) -> bool {
    let tail = word.len().checked_sub(ending.len()).and_then(|at| word.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
}

/// Every check of Dockerfiles, by topic.
pub fn checks() -> impl Iterator<Item = &'static Check<Dockerfiles>> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}

const TOPICS: &[&[Check<Dockerfiles>]] = &[
    files::CHECKS,
    base::CHECKS,
    user::CHECKS,
    secret::CHECKS,
    fetching::CHECKS,
    copying::CHECKS,
    os_packages::CHECKS,
    language_packages::CHECKS,
    shell::CHECKS,
    runtime::CHECKS,
];

/// What was found in a Dockerfile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linted {
    /// What breaks rules, by line.
    pub found: Vec<Misconfiguration>,
    /// How much more would be there without the comments that take rules back.
    pub ignored: usize,
}

/// Checks the Dockerfile `text`.
pub fn lint(text: &str) -> Linted {
    let file = Dockerfile::parse(text);
    let ignores = Ignores::read(&file);
    let mut linted = Linted::default();
    let all = run(&file);
    for misconfiguration in all {
        if ignores.cover(&misconfiguration) {
            linted.ignored += 1;
        } else {
            linted.found.push(misconfiguration);
        }
    }
    linted
}

fn run(file: &Dockerfile) -> Vec<Misconfiguration> {
    let subject = Subject::new(file);
    let mut found: Vec<_> = checks().flat_map(|check| check.of(&subject)).collect();
    found.sort_by(|a, b| (&a.place, a.rule.id, &a.message).cmp(&(&b.place, b.rule.id, &b.message)));
    found.dedup();
    found
}

/// What comments take back.
#[derive(Default)]
struct Ignores<'a> {
    everywhere: HashSet<&'a str>,
    /// First line, last line, rules.
    lines: Vec<(usize, usize, HashSet<&'a str>)>,
}

impl<'a> Ignores<'a> {
    fn read(file: &'a Dockerfile) -> Self {
        let mut ignores = Self::default();
        for (index, comment) in &file.comments {
            if let Some(rules) = ids(comment, &["pratique:ignore-file=", "hadolint global ignore="]) {
                ignores.everywhere.extend(rules);
            } else if let Some(rules) = ids(comment, &["pratique:ignore=", "hadolint ignore="])
                && let Some(next) = file.instructions.get(*index)
            {
                ignores.lines.push((next.line(), next.last_line, rules));
            }
        }
        ignores
    }

    fn cover(&self, misconfiguration: &Misconfiguration) -> bool {
        let named = |rules: &HashSet<&str>| rules.iter().any(|id| misconfiguration.rule.is_called(id));
        let here = |line: usize| {
            self.lines.iter().any(|(first, last, rules)| (*first..=*last).contains(&line) && named(rules))
        };
        named(&self.everywhere) || matches!(misconfiguration.place, Place::Line(line) if here(line))
    }
}

/// The rules that a comment names after one of `prefixes`; what follows a blank is why.
fn ids<'a>(comment: &'a str, prefixes: &[&str]) -> Option<HashSet<&'a str>> {
    let list = prefixes.iter().find_map(|prefix| comment.strip_prefix(prefix))?;
    let mut words = list.split(',').map(str::trim);
    let mut found = HashSet::new();
    for word in &mut words {
        found.extend(word.split_whitespace().next());
        if word.contains(char::is_whitespace) {
            break;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;
