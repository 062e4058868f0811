//! What the user typed: where an image is to be had.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::reference::{BadReference, Reference};

/// Where an image is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file with one or more images: what `docker save`, `podman save` or `skopeo copy` wrote.
    Archive {
        /// The file.
        path: PathBuf,
        /// Which format it has, if that was said.
        kind: ArchiveKind,
        /// Which of its images: a name, a tag or `@index`.
        image: Option<String>,
    },
    /// A directory in OCI image layout.
    OciLayout {
        /// The directory.
        path: PathBuf,
        /// Which of its images: a name, a tag, a digest or `@index`.
        image: Option<String>,
    },
    /// A root file system.
    Directory(PathBuf),
    /// An archive on standard input.
    Stdin,
    /// An image in a registry.
    Registry(Reference),
}

/// The formats of image archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveKind {
    /// Whichever it is.
    Detect,
    /// `docker save`.
    Docker,
    /// OCI image layout in a tar archive.
    Oci,
}

/// Text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Nothing.
    #[error("no image was given: name one in a registry (debian:12), or a file or directory")]
    Empty,
    /// A prefix such as `oci:` with nothing behind it.
    #[error("{0} wants a path behind it, for example {0}image.tar")]
    NoPath(&'static str),
    /// Looks like a path, and is not there.
    #[error("there is no file or directory {0:?}")]
    NoSuchPath(String),
    /// Exists, but is neither file nor directory.
    #[error("{0:?} is neither a file nor a directory")]
    NotAFile(String),
    /// A transport of other tools.
    #[error("{transport:?} is not supported; {instead}")]
    Transport {
        /// What was written before the colon.
        transport: String,
        /// What works.
        instead: &'static str,
    },
    /// Neither there as a path nor a reference.
    #[error("{text:?} is neither an existing file or directory nor an image reference")]
    Neither {
        /// What was typed.
        text: String,
        /// Why it is no reference.
        source: BadReference,
    },
}

impl Target {
    /// Finds out what was meant, with a look at the file system: what exists as a path is one, else it is a
    /// reference. `docker://` and `registry:` make it a reference, `dir:` and the like a path, in any case.
    ///
    /// # Errors
    /// [`BadTarget`] says what it was taken for and why it is not that.
    pub fn parse(text: &str) -> Result<Self, BadTarget> {
        match text {
            "" => return Err(BadTarget::Empty),
            "-" => return Ok(Self::Stdin),
            _ => {}
        }
        for (prefix, kind) in [
            ("docker-archive:", ArchiveKind::Docker),
            ("oci-archive:", ArchiveKind::Oci),
            ("archive:", ArchiveKind::Detect),
        ] {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (path, image) = split_path(rest, prefix)?;
                return Ok(Self::Archive { path, kind, image });
            }
        }
        for prefix in ["oci:", "oci-dir:"] {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (path, image) = split_path(rest, prefix)?;
                return Ok(Self::OciLayout { path, image });
            }
        }
        if let Some(rest) = text.strip_prefix("dir:") {
            return match rest {
                "" => Err(BadTarget::NoPath("dir:")),
                path if Path::new(path).is_dir() => Ok(Self::Directory(path.into())),
                path => Err(BadTarget::NoSuchPath(path.into())),
            };
        }
        for prefix in ["docker://", "registry://", "registry:"] {
            if let Some(rest) = text.strip_prefix(prefix) {
                return reference(rest, text);
            }
        }
        if let Some((transport, instead)) = foreign_transport(text) {
            return Err(BadTarget::Transport { transport: transport.into(), instead });
        }
        if let Some(target) = Self::existing(text)? {
            return Ok(target);
        }
        if looks_like_path(text) {
            return Err(BadTarget::NoSuchPath(text.into()));
        }
        reference(text, text)
    }

    /// The target at an existing path, with `:image` behind it if the whole does not exist.
    fn existing(text: &str) -> Result<Option<Self>, BadTarget> {
        let path = Path::new(text);
        if path.is_dir() {
            return Ok(Some(if is_layout(path) {
                Self::OciLayout { path: path.into(), image: None }
            } else {
                Self::Directory(path.into())
            }));
        }
        if path.is_file() {
            return Ok(Some(Self::Archive { path: path.into(), kind: ArchiveKind::Detect, image: None }));
        }
        if path.exists() {
            // A pipe (`<(docker save …)`) is read like standard input would be; that needs no seeking.
            return if is_pipe(path) {
                Ok(Some(Self::Archive { path: path.into(), kind: ArchiveKind::Detect, image: None }))
            } else {
                Err(BadTarget::NotAFile(text.into()))
            };
        }
        for (at, _) in text.match_indices(':') {
            let (Some(head), Some(image)) = (text.get(..at), text.get(at + 1..)) else { continue };
            let path = Path::new(head);
            if image.is_empty() {
                continue;
            }
            if path.is_file() {
                return Ok(Some(Self::Archive {
                    path: path.into(),
                    kind: ArchiveKind::Detect,
                    image: Some(image.into()),
                }));
            }
            if is_layout(path) {
                return Ok(Some(Self::OciLayout { path: path.into(), image: Some(image.into()) }));
            }
        }
        Ok(None)
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        Self::parse(text)
    }
}

fn reference(text: &str, typed: &str) -> Result<Target, BadTarget> {
    text.parse().map(Target::Registry).map_err(|source| BadTarget::Neither { text: typed.into(), source })
}

/// `PATH[:IMAGE]`, where the path may have colons itself: the shortest head that exists is the path.
fn split_path(rest: &str, prefix: &'static str) -> Result<(PathBuf, Option<String>), BadTarget> {
    if rest.is_empty() {
        return Err(BadTarget::NoPath(prefix));
    }
    if Path::new(rest).exists() {
        return Ok((rest.into(), None));
    }
    for (at, _) in rest.match_indices(':') {
        if let (Some(path), Some(image)) = (rest.get(..at), rest.get(at + 1..))
            && Path::new(path).exists()
        {
            return Ok((path.into(), Some(image.into()).filter(|image: &String| !image.is_empty())));
        }
    }
    Err(BadTarget::NoSuchPath(rest.into()))
}

fn is_layout(path: &Path) -> bool {
    path.join("oci-layout").is_file() || (path.join("index.json").is_file() && path.join("blobs").is_dir())
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|meta| meta.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// Whether a text that is not there was meant to be a path.
fn looks_like_path(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.starts_with(['/', '.', '~', '\\'])
        || [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"].iter().any(|end| lower.ends_with(end))
}

/// Names that other tools put before a colon and that mean a place we cannot read.
fn foreign_transport(text: &str) -> Option<(&str, &'static str)> {
    let (transport, _) = text.split_once(':')?;
    let instead = match transport {
        "docker-daemon" | "podman" | "containers-storage" | "containerd" => {
            "save the image first (docker save IMAGE | pratique scan -)"
        }
        "http" | "https" => "leave the scheme away, and use --plain-http for a registry without TLS",
        "singularity" | "sif" | "ostree" | "atomic" => "there is no reader for it",
        _ => return None,
    };
    Some((transport, instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_paths_from_references() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("a.tar"), b"").unwrap();
        std::fs::write(at("b:c.tar"), b"").unwrap();
        std::fs::create_dir_all(at("layout")).unwrap();
        std::fs::write(at("layout/oci-layout"), b"{}").unwrap();
        std::fs::create_dir_all(at("root")).unwrap();

        let archive = |path: &str, kind, image: Option<&str>| Target::Archive {
            path: at(path).into(),
            kind,
            image: image.map(Into::into),
        };
        let layout = |image: Option<&str>| Target::OciLayout {
            path: at("layout").into(),
            image: image.map(Into::into),
        };
        for (text, want) in [
            ("-".to_owned(), Target::Stdin),
            (at("a.tar"), archive("a.tar", ArchiveKind::Detect, None)),
            (at("a.tar:debian:12"), archive("a.tar", ArchiveKind::Detect, Some("debian:12"))),
            (at("b:c.tar"), archive("b:c.tar", ArchiveKind::Detect, None)),
            (
                format!("docker-archive:{}", at("b:c.tar:@1")),
                archive("b:c.tar", ArchiveKind::Docker, Some("@1")),
            ),
            (format!("oci-archive:{}", at("a.tar")), archive("a.tar", ArchiveKind::Oci, None)),
            (at("layout"), layout(None)),
            (at("layout:1.0"), layout(Some("1.0"))),
            (format!("oci:{}", at("layout:1.0")), layout(Some("1.0"))),
            (at("root"), Target::Directory(at("root").into())),
            (format!("dir:{}", at("root")), Target::Directory(at("root").into())),
            (format!("dir:{}", at("layout")), Target::Directory(at("layout").into())),
            ("docker://debian".into(), Target::Registry("debian".parse().unwrap())),
            ("registry:debian:12".into(), Target::Registry("debian:12".parse().unwrap())),
            ("no-such-image:1".into(), Target::Registry("no-such-image:1".parse().unwrap())),
        ] {
            assert_eq!(Target::parse(&text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn explains() {
        for (text, part) in [
            ("", "no image was given"),
            ("./nope.tar", "no file or directory"),
            ("nope.tar.gz", "no file or directory"),
            ("oci:", "wants a path"),
            ("dir:/nope/x", "no file or directory"),
            ("docker-daemon:x", "docker save"),
            ("https://example.org/x", "leave the scheme"),
            ("UPPER", "lower case"),
        ] {
            let error = crate::error::with_causes(&Target::parse(text).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
