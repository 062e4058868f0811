//! Checks of images, one topic a file: of the configuration (CIS Docker Benchmark 4.x), and of what its files show.

mod configuration;
mod environment;
mod history;
mod leftovers;
mod permissions;
mod programs;

use pratique_image::ImageConfig;
use pratique_inventory::Inventory;

use crate::{
    rule::{Check, Misconfiguration, Topic},
    secrets::{self, Hit},
};

/// Checks whose subject is a [`Subject`].
pub struct Images;

impl Topic for Images {
    type Subject<'a> = Subject<'a>;
}

/// An image as checks see it.
pub struct Subject<'a> {
    /// How it runs and how it was built; `None` for a folder, which has none.
    pub config: Option<&'a ImageConfig>,
    /// What is in it.
    pub inventory: &'a Inventory,
}

impl Subject<'_> {
    /// The commands of the history without the shell in front, with their step and whether a shell runs them.
    fn steps(&self) -> impl Iterator<Item = (usize, bool, &str)> {
        let history = self.config.map_or(&[][..], |config| config.history.as_slice());
        history.iter().enumerate().filter_map(|(step, entry)| {
            let command = entry.created_by.as_deref()?.trim();
            // The classic builder: `/bin/sh -c #(nop) ADD …`; BuildKit: `RUN /bin/sh -c … # buildkit`.
            let command = command.strip_suffix("# buildkit").unwrap_or(command).trim();
            if let Some(instruction) = command.strip_prefix("/bin/sh -c #(nop)") {
                return Some((step, false, instruction.trim()));
            }
            // `|2 A=1 B=2 /bin/sh -c …`: build arguments in front.
            match command.find("/bin/sh -c ") {
                Some(at) => Some((step, true, command.get(at + "/bin/sh -c ".len()..)?.trim())),
                None => Some((step, false, command)),
            }
        })
    }
}

/// Every check of images, by topic.
pub fn checks() -> impl Iterator<Item = &'static Check<Images>> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}

const TOPICS: &[&[Check<Images>]] = &[
    configuration::CHECKS,
    environment::CHECKS,
    history::CHECKS,
    permissions::CHECKS,
    programs::CHECKS,
    leftovers::CHECKS,
];

/// Holds an image to every rule; worst first.
pub fn check(subject: &Subject<'_>) -> Vec<Misconfiguration> {
    let mut found: Vec<_> = checks().flat_map(|check| check.of(subject)).collect();
    found.sort_by(|a, b| {
        (b.rule.severity, a.rule.id, &a.place, &a.message).cmp(&(
            a.rule.severity,
            b.rule.id,
            &b.place,
            &b.message,
        ))
    });
    found
}

/// A secret in an image's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigSecret {
    /// Which part: `env DB_PASSWORD`, `label x`, `history step 3`.
    pub part: String,
    /// What was found.
    pub hit: Hit,
}

/// The secrets in the variables, labels, commands and history of an image.
pub fn config_secrets(config: &ImageConfig) -> Vec<ConfigSecret> {
    let mut found = Vec::new();
    let mut look = |part: String, text: &str| {
        found.extend(
            secrets::scan(text.as_bytes()).into_iter().map(|hit| ConfigSecret { part: part.clone(), hit }),
        );
    };
    let run = &config.config;
    for variable in &run.env {
        let name = variable.split('=').next().unwrap_or_default();
        look(format!("env {name}"), variable);
    }
    for (name, value) in &run.labels {
        look(format!("label {name}"), &format!("{name}={value}"));
    }
    look("entrypoint".into(), &run.entrypoint.join(" "));
    look("cmd".into(), &run.cmd.join(" "));
    for (step, entry) in config.history.iter().enumerate() {
        for text in [&entry.created_by, &entry.comment].into_iter().flatten() {
            look(format!("history step {}", step + 1), text);
        }
    }
    found
}

#[cfg(test)]
mod tests;
