//! What was seen in files beside packages: permissions, secrets, licence texts, and what checks look for.
//!
//! Permissions, licence texts and traces count while their file is there. A secret counts as soon as one layer has it:
//! whoever can pull the image can read every layer, so a file that a later layer removed is as public as any other.

use std::collections::BTreeMap;

use pratique_image::ImagePath;

use crate::{
    fact::{Fact, LayerFacts, SecretFact, SpecialMode},
    overlay::covers,
};

/// What was seen, each list in the order of layers and paths.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Files and directories whose permissions give more than usual, of those that are left.
    pub modes: Vec<Special>,
    /// Secrets, those of removed files too.
    pub secrets: Vec<Secret>,
    /// Files that checks look for, of those that are left.
    pub traces: Vec<Trace>,
    /// Files with the text of a licence, of those that are left.
    pub licence_texts: Vec<LicenceText>,
}

/// A file or directory whose permissions give more than usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Special {
    /// Where.
    pub path: ImagePath,
    /// Index of the layer that says so, counted from 0.
    pub layer: usize,
    /// The permissions.
    pub mode: SpecialMode,
}

/// A secret in a file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where.
    pub path: ImagePath,
    /// Index of the layer that brought it, counted from 0.
    pub layer: usize,
    /// Index of the layer that removed or replaced it; `None` while the file still has it.
    pub gone_in: Option<usize>,
    /// What may be told of it.
    pub fact: SecretFact,
}

/// A file that a check looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Where.
    pub path: ImagePath,
    /// Index of its layer, counted from 0.
    pub layer: usize,
    /// The word that the check's reader has for it.
    pub what: String,
}

/// A file with the text of a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceText {
    /// Where.
    pub path: ImagePath,
    /// Index of its layer, counted from 0.
    pub layer: usize,
    /// SPDX identifiers, sorted; empty for a text that nobody knows.
    pub licences: Vec<String>,
}

/// A secret that is still there: where, what, and the how-manieth of its kind in the file.
type Alive<'a> = (&'a ImagePath, &'a str, &'a str, usize);

impl Observed {
    /// What was seen in `layers`, the first at the bottom.
    pub fn of_layers(layers: &[LayerFacts]) -> Self {
        let mut observed = Self { secrets: secrets(layers), ..Self::default() };
        for (index, layer) in layers.iter().enumerate() {
            let above = layers.get(index + 1..).unwrap_or_default();
            let left = |path: &ImagePath| !above.iter().any(|upper| covers(upper, path));
            for (path, mode) in layer.modes.iter().filter(|(path, _)| left(path)) {
                observed.modes.push(Special { path: path.clone(), layer: index, mode: *mode });
            }
            for (path, files) in &layer.files {
                let facts = files.iter().flat_map(|file| &file.facts);
                for fact in facts.filter(|f| matches!(f, Fact::Trace(_) | Fact::LicenceText { .. })) {
                    if !left(path) {
                        break;
                    }
                    observed.see(fact, path, index);
                }
            }
        }
        observed
    }

    fn see(&mut self, fact: &Fact, path: &ImagePath, layer: usize) {
        let path = path.clone();
        match fact {
            Fact::Trace(what) => self.traces.push(Trace { path, layer, what: what.clone() }),
            Fact::LicenceText { licences } => {
                self.licence_texts.push(LicenceText { path, layer, licences: licences.clone() });
            }
            _ => {}
        }
    }
}

fn secrets(layers: &[LayerFacts]) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    let mut alive: BTreeMap<Alive<'_>, usize> = BTreeMap::new();
    for (index, layer) in layers.iter().enumerate() {
        let here = secrets_of(layer);
        alive.retain(|key, known| {
            let stays = here.contains_key(key) || !covers(layer, key.0);
            if !stays && let Some(secret) = found.get_mut(*known) {
                secret.gone_in = Some(index);
            }
            stays
        });
        for (key, fact) in here {
            alive.entry(key).or_insert_with(|| {
                found.push(Secret { path: key.0.clone(), layer: index, gone_in: None, fact: fact.clone() });
                found.len() - 1
            });
        }
    }
    found
}

fn secrets_of(layer: &LayerFacts) -> BTreeMap<Alive<'_>, &SecretFact> {
    let mut here: BTreeMap<Alive<'_>, &SecretFact> = BTreeMap::new();
    for (path, files) in &layer.files {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for fact in files.iter().flat_map(|file| &file.facts) {
            if let Fact::Secret(secret) = fact {
                let count = counts.entry((&secret.rule, &secret.redacted)).or_default();
                here.insert((path, &secret.rule, &secret.redacted, *count), secret);
                *count += 1;
            }
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileFacts;

    fn path(text: &str) -> ImagePath {
        ImagePath::new(text).unwrap()
    }

    fn layer(files: &[(&str, Fact)]) -> LayerFacts {
        let file = |fact: &Fact| vec![FileFacts { cataloger: "x".into(), facts: vec![fact.clone()] }];
        LayerFacts {
            files: files.iter().map(|(p, fact)| (path(p), file(fact))).collect(),
            replaced: files.iter().map(|(p, _)| p).collect(),
            ..LayerFacts::default()
        }
    }

    fn key(line: u32) -> Fact {
        Fact::Secret(SecretFact { rule: "key".into(), line, redacted: "…".into() })
    }

    #[test]
    fn a_removed_secret_is_still_a_secret() {
        let mut gone = layer(&[]);
        gone.removed = ["app"].into_iter().collect();
        let layers = [
            layer(&[("app/.env", key(1)), ("etc/key", key(1))]),
            layer(&[("etc/key", key(7))]),
            gone,
            layer(&[("app/.env", key(3))]),
        ];
        let seen = Observed::of_layers(&layers).secrets;
        let seen: Vec<_> = seen.iter().map(|s| (s.path.to_string(), s.layer, s.gone_in)).collect();
        assert_eq!(
            seen,
            [("app/.env".into(), 0, Some(2)), ("etc/key".into(), 0, None), ("app/.env".into(), 3, None)]
        );
    }

    #[test]
    fn permissions_and_traces_count_while_their_file_is_there() {
        let special = SpecialMode { mode: 0o4755, directory: false };
        let mut base = layer(&[("var/lib/apt/lists/x", Fact::Trace("package-cache/apt".into()))]);
        base.modes = [(path("usr/bin/su"), special), (path("usr/bin/passwd"), special)].into();
        let mut upper = layer(&[]);
        upper.replaced = ["usr/bin/su"].into_iter().collect();
        assert_eq!(Observed::of_layers(std::slice::from_ref(&base)).modes.len(), 2);
        upper.opaque = ["var/lib/apt/lists"].into_iter().collect();
        let seen = Observed::of_layers(&[base, upper]);
        assert_eq!(seen.modes.iter().map(|m| m.path.to_string()).collect::<Vec<_>>(), ["usr/bin/passwd"]);
        assert!(seen.traces.is_empty());
    }
}
