//! What a document is about: the image whose packages it lists.

use pratique_image::Image;

/// What a document is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The image's name.
    pub name: String,
    /// Digest of its manifest, where there is one.
    pub digest: Option<String>,
    /// Digest of its configuration: docker's image id.
    pub image_id: Option<String>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// When the image says that it was made (RFC 3339).
    pub created: Option<String>,
    /// Its layers, the lowest first.
    pub layers: Vec<SubjectLayer>,
}

/// A layer of a [`Subject`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectLayer {
    /// Digest of the layer as it is stored.
    pub digest: Option<String>,
    /// Digest of the expanded layer.
    pub diff_id: Option<String>,
    /// The history command that created it.
    pub created_by: Option<String>,
}

impl Subject {
    /// What is known of `image`.
    pub fn of(image: &Image) -> Self {
        let layers = image.layers().iter().map(|layer| SubjectLayer {
            digest: layer.digest.as_ref().map(ToString::to_string),
            diff_id: layer.diff_id.as_ref().map(ToString::to_string),
            created_by: layer.history.as_ref().and_then(|step| step.created_by.clone()),
        });
        Self {
            name: image.name().to_owned(),
            digest: image.manifest_digest().map(ToString::to_string),
            image_id: image.config_digest().map(ToString::to_string),
            platform: image.platform().map(ToString::to_string),
            created: image.config().created.clone(),
            layers: layers.collect(),
        }
    }

    /// The most exact name that there is: the manifest's digest, else the image's name.
    pub fn reference(&self) -> &str {
        self.digest.as_deref().unwrap_or(&self.name)
    }
}
