//! What a document is about: the image whose packages it lists.

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
    /// The history command that created it, as it may be shown: who fills this in sees to the secrets in it.
    pub created_by: Option<String>,
}

impl Subject {
    /// The most exact name that there is: the manifest's digest, else the image's name.
    pub fn reference(&self) -> &str {
        self.digest.as_deref().unwrap_or(&self.name)
    }
}
