//! Build stages: what each `FROM` begins, and what it stands on once variables are put in.

use std::collections::HashMap;

use super::{
    Dockerfile, Instruction, Kind,
    substitute::{Substituted, substitute},
};

/// A build stage.
#[derive(Debug, Clone)]
pub struct Stage<'a> {
    /// Its number, counted from 0: what `COPY --from=0` names.
    pub index: usize,
    /// Its name.
    pub name: Option<&'a str>,
    /// The `FROM` that begins it.
    pub from: &'a Instruction,
    /// What it stands on.
    pub base: Base,
    /// What comes after its `FROM`.
    pub instructions: &'a [Instruction],
}

/// What a stage stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing at all.
    Scratch,
    /// An earlier stage, by its index.
    Stage(usize),
    /// An image, variables put in.
    Image(String),
    /// An image that the build's arguments decide, as it stands in the file.
    Unknown(String),
}

impl Dockerfile {
    /// The build stages in order; empty without a readable `FROM`.
    pub fn stages(&self) -> Vec<Stage<'_>> {
        let starts: Vec<_> = self
            .instructions
            .iter()
            .enumerate()
            .filter(|(_, i)| matches!(i.kind, Kind::From { .. }))
            .collect();
        let mut stages: Vec<Stage<'_>> = Vec::with_capacity(starts.len());
        let arguments = self.global_arguments();
        for (index, (at, from)) in starts.iter().enumerate() {
            let Kind::From { image, name } = &from.kind else { continue };
            let end = starts.get(index + 1).map_or(self.instructions.len(), |next| next.0);
            let done = substitute(image, self.directives.escape, &|name| arguments.get(name).cloned());
            let earlier =
                stages.iter().rposition(|s| s.name.is_some_and(|n| n.eq_ignore_ascii_case(&done.text)));
            let base = match (done, earlier) {
                (Substituted { known: false, .. }, _) => Base::Unknown(image.clone()),
                (Substituted { text, .. }, _) if text.is_empty() => Base::Unknown(image.clone()),
                (_, Some(earlier)) => Base::Stage(earlier),
                (Substituted { text, .. }, _) if text == "scratch" => Base::Scratch,
                (Substituted { text, .. }, _) => Base::Image(text),
            };
            let instructions = self.instructions.get(at + 1..end).unwrap_or_default();
            stages.push(Stage { index, name: name.as_deref(), from, base, instructions });
        }
        stages
    }

    /// Defaults of the arguments before the first `FROM`, which are all that a `FROM` can use.
    fn global_arguments(&self) -> HashMap<&str, String> {
        let mut known = HashMap::new();
        for instruction in &self.instructions {
            match &instruction.kind {
                Kind::From { .. } => break,
                Kind::Arg(arguments) => {
                    for (name, default) in arguments {
                        let Some(default) = default else { continue };
                        let value = substitute(default, self.directives.escape, &|n| known.get(n).cloned());
                        if value.known {
                            known.insert(name.as_str(), value.text);
                        }
                    }
                }
                _ => {}
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        let file = Dockerfile::parse(
            "ARG V=1\nARG I=alpine:${V}\nFROM $I AS a\nFROM A as b\nRUN x\nFROM $NONE\nFROM scratch\nFROM b\n",
        );
        let bases: Vec<_> = file.stages().into_iter().map(|stage| stage.base).collect();
        assert_eq!(
            bases,
            [
                Base::Image("alpine:1".into()),
                Base::Stage(0),
                Base::Unknown("$NONE".into()),
                Base::Scratch,
                Base::Stage(1)
            ]
        );
        assert_eq!(file.stages()[1].instructions.len(), 1);
    }
}
