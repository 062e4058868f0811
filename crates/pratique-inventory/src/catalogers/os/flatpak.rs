//! What flatpak has deployed: applications, runtimes and their extensions.
//!
//! A deployment is a folder `{app,runtime}/ID/ARCH/BRANCH/COMMIT` below `var/lib/flatpak` or
//! `~/.local/share/flatpak`, with a key file `metadata` (flatpak-metadata(5)): `[Application]` or `[Runtime]`, its
//! name, and the runtime it needs. Images that are made of one application have the same file at their root.
//!
//! Traps: `metadata` states no version. A runtime's branch is one (`23.08`); an application's branch is a channel
//! (`stable`) and what it really is stands in its AppStream file only, so that such an application is stated without
//! a version and with its branch and commit.

use pratique_image::{EntryHeader, ImagePath};

use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Reads flatpak's metadata.
pub struct FlatpakMetadata;

/// Longest file that is read, in bytes; real ones have a few kilobytes.
const LONGEST: u64 = 1 << 20;

/// `ID/ARCH/BRANCH/COMMIT` of a deployment's metadata; `None` for other files.
fn deployment(path: &ImagePath) -> Option<[&str; 4]> {
    let folder = path.as_str()?.strip_suffix("/metadata")?;
    let mut parts = folder.rsplit('/');
    let (commit, branch, arch) = (parts.next()?, parts.next()?, parts.next()?);
    let (id, kind, store) = (parts.next()?, parts.next()?, parts.next()?);
    (matches!(kind, "app" | "runtime") && store == "flatpak" && id.contains('.'))
        .then_some([id, arch, branch, commit])
}

impl Cataloger for FlatpakMetadata {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/flatpak", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["metadata", "**/flatpak/{app,runtime}/*/*/*/*/metadata"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"metadata"
            && (file.path.as_bytes() == b"metadata" || deployment(&file.path).is_some())
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = file.text_within(LONGEST)?;
        let place = deployment(&file.header.path);
        let mut stated = Stated { kind: PackageKind::Flatpak, ..Stated::default() };
        let (mut group, mut runs_on) = ("", None);
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                group = name;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            match (group, key.trim()) {
                ("Application" | "Runtime", "name") => value.trim().clone_into(&mut stated.name),
                ("Application" | "Runtime", "runtime") => runs_on = Some(value.trim()),
                _ => {}
            }
        }
        if stated.name.is_empty() {
            // Any file may be called `metadata`; one that lies in a deployment is flatpak's.
            return match place {
                Some(_) => {
                    Err(Unreadable::malformed("flatpak metadata file", "it names no application or runtime"))
                }
                None => Ok(Reading::nothing()),
            };
        }
        // `ID/ARCH/BRANCH`; a runtime names itself or the one it was made from.
        let runs_on: Option<Vec<&str>> = runs_on.map(|name| name.split('/').collect());
        if let Some([id, _, branch]) = runs_on.as_deref()
            && *id != stated.name
        {
            stated.depends.push(Requirement::exactly(*id, *branch));
        }
        if let Some([_, arch, branch, commit]) = place {
            stated.arch = Some(arch.to_owned());
            if branch.starts_with(|c: char| c.is_ascii_digit()) {
                branch.clone_into(&mut stated.version);
            }
            stated.details.insert("branch".into(), branch.to_owned());
            stated.details.insert("commit".into(), commit.to_owned());
        }
        Ok(Reading::of(Fact::Package(Box::new(stated))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const APP: &str = "var/lib/flatpak/app/org.gnome.Maps/x86_64/stable/0f3e/metadata";
    const SAMPLE: &[u8] = b"[Application]\nname=org.gnome.Maps\nruntime=org.gnome.Platform/x86_64/45\n\
        sdk=org.gnome.Sdk/x86_64/45\n\n[Context]\nshared=network;ipc;\n\n[Extension org.gnome.Maps.Locale]\nname=no\n";

    fn package(path: &str, bytes: &[u8]) -> Stated {
        match read(&FlatpakMetadata, path, bytes).facts.pop() {
            Some(Fact::Package(stated)) => *stated,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn applications_and_runtimes() {
        let maps = package(APP, SAMPLE);
        assert_eq!((maps.name.as_str(), maps.version.as_str()), ("org.gnome.Maps", ""));
        assert_eq!(maps.depends, [Requirement::exactly("org.gnome.Platform", "45")]);
        assert_eq!((maps.details["branch"].as_str(), maps.details["commit"].as_str()), ("stable", "0f3e"));
        let path = "home/u/.local/share/flatpak/runtime/org.gnome.Platform/aarch64/45/ab12/metadata";
        let platform =
            package(path, b"[Runtime]\nname=org.gnome.Platform\nruntime=org.gnome.Platform/aarch64/45\n");
        assert_eq!((platform.name.as_str(), platform.version.as_str()), ("org.gnome.Platform", "45"));
        assert_eq!((platform.arch.as_deref(), platform.depends.len()), (Some("aarch64"), 0));
    }

    #[test]
    fn other_files_of_that_name() {
        assert_eq!(read(&FlatpakMetadata, "metadata", b"name: x\n"), Reading::nothing());
        assert!(try_read(&FlatpakMetadata, APP, b"[Context]\n").is_err());
        assert!(!wants(&FlatpakMetadata, "srv/gem/metadata"));
        assert!(!wants(&FlatpakMetadata, "x/app/org.a.B/x86_64/stable/0f/metadata"));
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&FlatpakMetadata, APP, SAMPLE);
    }
}
