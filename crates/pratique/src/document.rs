//! SBOM documents in the place of an image: `sbom:FILE`, a file that is one, or standard input.

use std::{
    fs::File,
    io::{self, BufRead as _, Read},
    path::{Path, PathBuf},
};

use anyhow::Context;
use pratique_image::Image;
use pratique_inventory::{Limits, sbom};
use pratique_report::TargetInfo;

use crate::{input, settings::Taken};

/// What a target begins with that is a document in any case.
pub(crate) const PREFIX: &str = "sbom:";

/// Where a document is to be had.
pub(crate) enum Document {
    File(PathBuf),
    Stdin,
    /// One that was read already, and what it is called.
    Bytes(String, Vec<u8>),
}

impl Document {
    /// The document that `target` means; `None` where it means an image.
    pub(crate) fn of(target: &str) -> anyhow::Result<Option<Self>> {
        if let Some(path) = target.strip_prefix(PREFIX) {
            return match path {
                "" => anyhow::bail!(
                    "{PREFIX} wants a file behind it, for example {PREFIX}bom.json, or - for standard input"
                ),
                "-" => Ok(Some(Self::Stdin)),
                path => Ok(Some(Self::File(path.into()))),
            };
        }
        if target == "-" {
            // What is looked at stays in the buffer that everybody who reads standard input shares.
            let is_document = sbom::looks_like_sbom(io::stdin().lock().fill_buf()?);
            return Ok(is_document.then_some(Self::Stdin));
        }
        let path = Path::new(target);
        let head = input::head(path, sbom::read::HEAD_BYTES as u64);
        Ok(sbom::looks_like_sbom(&head).then(|| Self::File(path.into())))
    }

    /// Reads it.
    pub(crate) fn take(self) -> anyhow::Result<Taken> {
        let (name, mut from): (_, Box<dyn Read>) = match &self {
            Self::Bytes(name, bytes) => (name.clone(), Box::new(bytes.as_slice())),
            Self::Stdin => ("standard input".to_owned(), Box::new(io::stdin().lock())),
            Self::File(path) => {
                let file =
                    File::open(path).with_context(|| format!("{} could not be opened", path.display()))?;
                (path.display().to_string(), Box::new(file))
            }
        };
        let document = sbom::read(&mut from, &Limits::default()).with_context(|| name.clone())?;
        let sbom::read::Document { inventory, mut subject, .. } = document;
        if subject.name.is_empty() {
            subject.name = name;
        }
        let target = TargetInfo::of_document(&subject, &inventory);
        Ok(Taken { target, inventory, config: None, left_out: Vec::new() })
    }
}

/// Reads the first SBOM that is attached to `image`: what it says is in the image, and what the image says of itself.
pub(crate) fn attached(image: &Image) -> anyhow::Result<Taken> {
    let attachments = image.attachments()?;
    let Some(attachment) = attachments.iter().find(|attachment| sbom::read::is_sbom(attachment)) else {
        let kinds: Vec<_> = attachments.iter().map(|attachment| attachment.media_type.as_str()).collect();
        let found = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
        anyhow::bail!(
            "no SBOM is attached to {} ({found} is); leave --attached-sbom out to read its layers",
            image.name()
        );
    };
    let limits = Limits::default();
    let bytes = image.read_attachment(attachment, limits.file_bytes)?;
    let read = sbom::read(&mut bytes.as_slice(), &limits);
    let inventory = read.with_context(|| format!("the SBOM attached to {}", image.name()))?.inventory;
    let target = TargetInfo::new(image, &inventory);
    Ok(Taken { target, inventory, config: None, left_out: Vec::new() })
}
