//! Layers over each other: what is left of their facts, path by path.
//!
//! The rules are those of the OCI image specification ("Image Layer Filesystem Changeset") as container
//! runtimes apply them:
//!
//! * An entry at a path covers what a lower layer had there. If it is no directory, it covers everything
//!   below that path too.
//! * A whiteout removes its path and everything below it, from lower layers only: what the same layer puts
//!   there stays, wherever in the archive the whiteout stands.
//! * An opaque directory keeps nothing of what lower layers had below it.
//!
//! Paths are taken as the layers write them: a layer that writes `a/x` where a lower layer has `a` as a symbolic
//! link to a directory is read as if it wrote `a/x` itself, though a runtime would write through the link.

use std::collections::BTreeMap;

use pratique_image::ImagePath;

use crate::fact::{Fact, FileFacts, LayerFacts, Problem};

/// What one layer said of one path.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Index of the layer, from the bottom, counted from 0.
    pub layer: usize,
    /// What the file states there.
    pub facts: &'a [FileFacts],
}

impl<'a> Sighting<'a> {
    /// All facts of the file, whoever read it.
    pub fn facts(&self) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.facts.iter().flat_map(|file| &file.facts)
    }
}

/// The facts that are left of all layers, and behind each the ones it covers at the same path.
#[derive(Debug, Default)]
pub struct Overlay<'a> {
    files: BTreeMap<&'a ImagePath, Vec<Sighting<'a>>>,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Overlay<'a> {
    /// Lays `layers` over each other, the first at the bottom.
    pub fn new(layers: &'a [LayerFacts]) -> Self {
        let mut overlay = Self::default();
        for (index, layer) in layers.iter().enumerate() {
            overlay.lay(index, layer, layers);
        }
        overlay.tell_of_symlinks(layers);
        overlay
    }

    fn lay(&mut self, index: usize, layer: &'a LayerFacts, layers: &'a [LayerFacts]) {
        // Hard links to files below are resolved against what was visible before this layer.
        let mut linked = Vec::new();
        let mut unread = Vec::new();
        for (link, target) in &layer.links_below {
            match self.visible(target) {
                Some(sighting) => linked.push((link, sighting.facts)),
                None if exists(&layers[..index], target) => unread.push((link, target)),
                None => {}
            }
        }
        self.files.retain(|path, _| layer.files.contains_key(path) || !covers(layer, path));
        self.problems.retain(|(_, problem)| !covers(layer, &problem.path));
        for (path, facts) in &layer.files {
            self.files.entry(path).or_default().push(Sighting { layer: index, facts });
        }
        for (path, facts) in linked {
            self.files.entry(path).or_default().push(Sighting { layer: index, facts });
        }
        let unread = unread.into_iter().map(|(link, target)| {
            let what = format!("a hard link to {target}, which was not read under that name");
            Problem::lost(link.clone(), None, what)
        });
        self.problems.extend(layer.problems.iter().cloned().chain(unread).map(|problem| (index, problem)));
    }

    /// Symbolic links whose own name a cataloger would read, and that lead to a file of another name.
    fn tell_of_symlinks(&mut self, layers: &'a [LayerFacts]) {
        for (index, layer) in layers.iter().enumerate() {
            let above = &layers[index + 1..];
            for (link, target) in &layer.symlinks {
                if !above.iter().any(|upper| covers(upper, link)) && exists(layers, target) {
                    let what = format!("a link to {target}, which was not read under that name");
                    self.problems.push((index, Problem::lost(link.clone(), None, what)));
                }
            }
        }
    }

    /// The topmost sighting of `path`, if it is still there.
    pub fn visible(&self, path: &ImagePath) -> Option<Sighting<'a>> {
        self.files.get(path)?.last().copied()
    }

    /// Every path that is left, with its sightings from the bottom up; the last one counts, the ones before
    /// it lay at the same path without a gap.
    pub fn files(&self) -> impl Iterator<Item = (&'a ImagePath, &[Sighting<'a>])> {
        self.files.iter().map(|(path, sightings)| (*path, sightings.as_slice()))
    }

    /// What could not be read of the files that are left, with the layer's index.
    pub fn problems(&self) -> &[(usize, Problem)] {
        &self.problems
    }
}

/// Whether anything in `upper` removes or replaces a file that a lower layer had at `path`.
pub(crate) fn covers(upper: &LayerFacts, path: &ImagePath) -> bool {
    let own = path.as_bytes();
    if upper.replaced.contains(own) || upper.directories.contains(own) || upper.removed.contains(own) {
        return true;
    }
    path.ancestors().any(|above| {
        upper.replaced.contains(above) || upper.removed.contains(above) || upper.opaque.contains(above)
    })
}

/// Whether something that is no directory is left at `path` after all `layers`.
fn exists(layers: &[LayerFacts], path: &ImagePath) -> bool {
    let Some(top) = layers.iter().rposition(|layer| layer.replaced.contains(path.as_bytes())) else {
        return false;
    };
    !layers[top + 1..].iter().any(|upper| covers(upper, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::new(text).unwrap()
    }

    fn layer(files: &[&str]) -> LayerFacts {
        LayerFacts {
            files: files.iter().map(|&f| (path(f), vec![])).collect(),
            replaced: files.iter().collect(),
            ..LayerFacts::default()
        }
    }

    fn left(layers: &[LayerFacts]) -> Vec<(String, Vec<usize>)> {
        let overlay = Overlay::new(layers);
        overlay.files().map(|(p, s)| (p.to_string(), s.iter().map(|s| s.layer).collect())).collect()
    }

    #[test]
    fn later_layers_cover_earlier_ones() {
        let base = layer(&["app/a/x", "app/a/y", "app/b", "var/lib/dpkg/status"]);
        let status = layer(&["var/lib/dpkg/status"]);
        let mut file_over_directory = layer(&[]);
        file_over_directory.replaced = ["app/a"].into_iter().collect();
        assert_eq!(
            left(&[base.clone(), status, file_over_directory]),
            [("app/b".into(), vec![0]), ("var/lib/dpkg/status".into(), vec![0, 1])]
        );
        let mut directory_over_file = layer(&[]);
        directory_over_file.directories = ["app/b", "app"].into_iter().collect();
        let rest: Vec<_> = left(&[base, directory_over_file]).into_iter().map(|l| l.0).collect();
        assert_eq!(rest, ["app/a/x", "app/a/y", "var/lib/dpkg/status"]);
    }

    #[test]
    fn whiteouts_remove_from_lower_layers_only() {
        let base = layer(&["app/old/x", "app/kept/y", "top"]);
        let mut upper = layer(&["app/old/new"]);
        upper.removed = ["app/old", "nothing/there"].into_iter().collect();
        assert_eq!(
            left(&[base.clone(), upper]),
            [("app/kept/y".into(), vec![0]), ("app/old/new".into(), vec![1]), ("top".into(), vec![0])]
        );
        let mut opaque = layer(&["app/new"]);
        opaque.opaque = ["app"].into_iter().collect();
        assert_eq!(left(&[base.clone(), opaque]), [("app/new".into(), vec![1]), ("top".into(), vec![0])]);
        let mut root = layer(&["only"]);
        root.opaque = [""].into_iter().collect();
        assert_eq!(left(&[base, root]), [("only".into(), vec![1])]);
    }

    #[test]
    fn links_are_told_of_only_while_they_lead_somewhere() {
        let mut link = layer(&["target.txt"]);
        link.symlinks = [(path("app/x.pkg"), path("target.txt"))].into();
        link.replaced = ["app/x.pkg", "target.txt"].into_iter().collect();
        assert_eq!(Overlay::new(std::slice::from_ref(&link)).problems().len(), 1);
        let mut gone = layer(&[]);
        gone.removed = ["target.txt"].into_iter().collect();
        assert_eq!(Overlay::new(&[link.clone(), gone]).problems().len(), 0, "the target was removed");
        let mut covered = layer(&[]);
        covered.replaced = ["app/x.pkg"].into_iter().collect();
        assert_eq!(Overlay::new(&[link, covered]).problems().len(), 0, "the link was replaced");
    }

    #[test]
    fn hard_links_to_lower_layers_state_what_their_target_states() {
        let base = layer(&["lib/real"]);
        let mut upper = layer(&[]);
        upper.links_below = [(path("app/a"), path("lib/real"))].into();
        upper.replaced = ["app/a"].into_iter().collect();
        assert_eq!(left(&[base, upper]), [("app/a".into(), vec![1]), ("lib/real".into(), vec![0])]);
    }

    #[test]
    fn a_gap_starts_a_new_history() {
        let base = layer(&["x"]);
        let mut gone = layer(&[]);
        gone.removed = ["x"].into_iter().collect();
        assert_eq!(left(&[base.clone(), gone, base]), [("x".into(), vec![2])]);
    }
}
