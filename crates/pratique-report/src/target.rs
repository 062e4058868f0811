//! What was scanned: the image, its distribution, its layers.
//!
//! The commands that made an image stand in it for whoever pulls it, and people write tokens into them. A report goes
//! further than the image does: into logs, tickets, dashboards. So no command comes into a [`LayerRef`] but through
//! [`pratique_check::secrets::redacted`], whether it is read from an image, from an SBOM, or from a report that an earlier
//! version saved; and what SBOMs say of an image is made from here too ([`TargetInfo::subject`]).

use pratique_check::secrets::redacted;
use pratique_image::Image;
use pratique_inventory::{
    Distribution, Inventory,
    sbom::{Subject, SubjectLayer},
};
use serde::{Deserialize, Deserializer, Serialize};

/// A command as it may be shown.
fn command(text: &str) -> String {
    redacted(text).into_owned()
}

/// A command of a saved report.
fn shown<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.as_deref().map(command))
}

/// What was scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetInfo {
    /// What people call it.
    pub name: String,
    /// Digest of the manifest, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Digest of the configuration: docker's image id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// `os/architecture[/variant]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// When the image says that it was made (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The operating system release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<DistributionInfo>,
    /// All layers, the lowest first.
    pub layers: Vec<LayerRef>,
}

/// An operating system release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistributionInfo {
    /// `ID` of os-release.
    pub id: String,
    /// `VERSION_ID` of os-release.
    pub version: String,
    /// For people.
    pub name: String,
}

impl From<&Distribution> for DistributionInfo {
    fn from(d: &Distribution) -> Self {
        let name = if d.name.is_empty() {
            format!("{} {}", d.id, d.version).trim().to_owned()
        } else {
            d.name.clone()
        };
        Self { id: d.id.clone(), version: d.version.clone(), name }
    }
}

/// A layer, wherever one is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerRef {
    /// Index from the bottom, counted from 0.
    pub index: usize,
    /// Digest of the layer as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Digest of the expanded layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<String>,
    /// The history command that created it, without the secrets in it.
    #[serde(default, deserialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
}

impl LayerRef {
    /// The digest by which it is known: as it is stored, else of what it expands to.
    pub fn known_digest(&self) -> Option<&str> {
        self.digest.as_deref().or(self.diff_id.as_deref())
    }

    /// `layer 3`: people count from 1.
    pub fn name(&self) -> String {
        format!("layer {}", self.index + 1)
    }

    /// The command that made it as a Dockerfile has it, in one line: without the shell around it. Empty where nobody says.
    pub fn command(&self) -> String {
        let command = self.created_by.as_deref().unwrap_or_default().trim();
        let command = command.strip_prefix("/bin/sh -c #(nop)").unwrap_or(command).trim_start();
        let run = command.strip_prefix("/bin/sh -c ");
        let words = run.map(|_| "RUN").into_iter().chain(run.unwrap_or(command).split_whitespace());
        words.collect::<Vec<_>>().join(" ")
    }
}

impl TargetInfo {
    /// What a document says of the image, and what its inventory says it is.
    pub fn of_document(subject: &Subject, inventory: &Inventory) -> Self {
        let layer = |(index, layer): (usize, &SubjectLayer)| LayerRef {
            index,
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            created_by: layer.created_by.as_deref().map(command),
        };
        Self {
            name: subject.name.clone(),
            digest: subject.digest.clone(),
            image_id: subject.image_id.clone(),
            platform: subject.platform.clone(),
            created: subject.created.clone(),
            distribution: inventory.distribution.as_ref().map(DistributionInfo::from),
            layers: subject.layers.iter().enumerate().map(layer).collect(),
        }
    }

    /// What is known of `image` and what its inventory says it is.
    pub fn new(image: &Image, inventory: &Inventory) -> Self {
        Self {
            name: image.name().to_owned(),
            digest: image.manifest_digest().map(ToString::to_string),
            image_id: image.config_digest().map(ToString::to_string),
            platform: image.platform().map(ToString::to_string),
            created: image.config().created.clone(),
            distribution: inventory.distribution.as_ref().map(DistributionInfo::from),
            layers: image
                .layers()
                .iter()
                .map(|layer| LayerRef {
                    index: layer.index,
                    digest: layer.digest.as_ref().map(ToString::to_string),
                    diff_id: layer.diff_id.as_ref().map(ToString::to_string),
                    created_by: layer
                        .history
                        .as_ref()
                        .and_then(|step| step.created_by.as_deref())
                        .map(command),
                })
                .collect(),
        }
    }

    /// The image as documents of packages name it.
    pub fn subject(&self) -> Subject {
        let layer = |layer: &LayerRef| SubjectLayer {
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            created_by: layer.created_by.clone(),
        };
        Subject {
            name: self.name.clone(),
            digest: self.digest.clone(),
            image_id: self.image_id.clone(),
            platform: self.platform.clone(),
            created: self.created.clone(),
            layers: self.layers.iter().map(layer).collect(),
        }
    }
}
