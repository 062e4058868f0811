//! The database as an OCI artifact (OCI image specification 1.1, *Guidelines for Artifact Usage*): what its manifest says.
//!
//! One layer is the whole database, as [`pack`](pratique_advisory::pack) writes it: what `oras pull` or `skopeo copy` get of
//! it is what `db import` takes. Further layers may be deltas, each of which makes the same database out of an earlier one
//! that it names; who does not have that one takes the whole. Annotations tell which database it is, so that one that is here
//! already need not be fetched.
//!
//! Nothing that a manifest says is believed: what arrives has to be what it names, and to be a sound database.

use anyhow::{Context, bail};
use jiff::Timestamp;
use pratique_advisory::{Content, Database, Info};
use pratique_image::{Descriptor, Draft, Manifest};

/// What the manifest is.
pub(super) const ARTIFACT_TYPE: &str = "application/vnd.pratique.advisory.db.v1";
/// The layer that is the whole database.
pub(super) const WHOLE: &str = "application/vnd.pratique.advisory.db.v1+zstd";
/// A layer that makes it out of an earlier one.
pub(super) const DELTA: &str = "application/vnd.pratique.advisory.delta.v1+zstd";

/// When the database was made.
const CREATED: &str = "org.opencontainers.image.created";
/// What a layer is called when it is saved as a file.
const TITLE: &str = "org.opencontainers.image.title";
/// What the database says of its contents ([`Info::content`]): databases of the same contents need not be the same file.
const CONTENT: &str = "dev.pratique.db.content";
/// The SHA-256 of the database file.
const SHA256: &str = "dev.pratique.db.sha256";
/// Its length in bytes.
const SIZE: &str = "dev.pratique.db.size";
/// How many records are in it.
const RECORDS: &str = "dev.pratique.db.records";
/// The format of the file.
const FORMAT: &str = "dev.pratique.db.format";
/// On a delta: the contents of the database that it starts from.
const FROM: &str = "dev.pratique.db.from";

/// Most layers that are looked at.
const MAX_LAYERS: usize = 256;

/// A database in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Which database it is.
    pub(super) edition: Edition,
    /// What the whole is when it is expanded.
    pub(super) content: Content,
    /// All of it.
    pub(super) whole: Descriptor,
    /// Ways to it from earlier ones.
    pub(super) deltas: Vec<Delta>,
}

/// Which database: by its contents, and by when they were last known to be all there is. One that is younger but has the
/// same contents is another one, since age is what scans are refused for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edition {
    /// What it says of its contents.
    pub(super) contents: String,
    /// When it was made.
    pub(super) created: Timestamp,
}

impl Edition {
    pub(super) fn of(info: &Info) -> Self {
        Self { contents: info.content.clone(), created: info.created }
    }
}

/// A way from an earlier database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delta {
    /// Where it starts.
    pub(super) from: String,
    /// What is to be fetched.
    pub(super) layer: Descriptor,
}

/// What is to be fetched to have a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// Nothing: it is here.
    Here,
    /// The difference to the one that is here.
    Delta(&'a Descriptor),
    /// All of it.
    Whole(&'a Descriptor),
}

/// The manifest for a database whose whole is in the layer `whole`.
pub(super) fn draft(
    database: &Database,
    content: Content,
    mut whole: Descriptor,
    deltas: Vec<Delta>,
) -> Draft {
    let info = database.info();
    whole.annotations.insert(TITLE.into(), "advisories.pdb.zst".into());
    let deltas = deltas.into_iter().map(|Delta { from, mut layer }| {
        layer.annotations.insert(FROM.into(), from);
        layer
    });
    let layers = std::iter::once(whole).chain(deltas).collect();
    let mut draft = Draft::new(Some(ARTIFACT_TYPE.into()), Descriptor::empty(), layers);
    draft.annotations = [
        (CREATED, info.created.to_string()),
        (CONTENT, info.content.clone()),
        (SHA256, content.id.to_string()),
        (SIZE, content.bytes.to_string()),
        (RECORDS, info.records.to_string()),
        (FORMAT, Database::FORMAT.to_string()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    draft
}

impl Artifact {
    /// What a manifest says; `what` is what errors call it.
    pub(super) fn read(manifest: &Manifest, what: &str) -> anyhow::Result<Self> {
        // Registries of the time before artifact types kept the type of the configuration.
        let kind = manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type);
        if kind != ARTIFACT_TYPE {
            bail!(
                "{what} is not an advisory database but {kind:?}; `pratique db push` makes one of those ({ARTIFACT_TYPE})"
            );
        }
        let text = |key: &str| {
            let value = manifest.annotations.get(key);
            value.with_context(|| {
                format!("{what} is no usable advisory database: its annotation {key} is missing")
            })
        };
        let unusable =
            |key: &str| format!("{what} is no usable advisory database: its annotation {key} makes no sense");
        let format: u16 = text(FORMAT)?.parse().with_context(|| unusable(FORMAT))?;
        if format != Database::FORMAT {
            bail!(
                "the advisory database {what} has format {format}, and this program reads format {}: use {}",
                Database::FORMAT,
                if format > Database::FORMAT {
                    "a newer pratique"
                } else {
                    "one that was pushed more recently"
                }
            );
        }
        let content = Content {
            id: text(SHA256)?.parse().with_context(|| unusable(SHA256))?,
            bytes: text(SIZE)?.parse().with_context(|| unusable(SIZE))?,
        };
        let edition = Edition {
            contents: text(CONTENT)?.clone(),
            created: text(CREATED)?.parse().with_context(|| unusable(CREATED))?,
        };
        let layers = || manifest.layers.iter().take(MAX_LAYERS);
        let whole = layers().find(|layer| layer.media_type == WHOLE);
        let whole = whole.with_context(|| format!("{what} has no layer of the type {WHOLE}"))?.clone();
        let deltas = layers()
            .filter(|layer| layer.media_type == DELTA)
            // A delta that does not say where it starts is of no use, and not needed.
            .filter_map(|layer| {
                let from = layer.annotations.get(FROM)?.clone();
                Some(Delta { from, layer: layer.clone() })
            })
            .collect();
        Ok(Self { edition, content, whole, deltas })
    }

    /// How to get there from the database `here`; by a delta only if that is less than the whole.
    pub(super) fn route(&self, here: Option<&Edition>) -> Route<'_> {
        let Some(here) = here else { return Route::Whole(&self.whole) };
        if *here == self.edition {
            return Route::Here;
        }
        self.deltas
            .iter()
            .filter(|delta| delta.from == here.contents && delta.layer.size < self.whole.size)
            .min_by_key(|delta| delta.layer.size)
            .map_or(Route::Whole(&self.whole), |delta| Route::Delta(&delta.layer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> String {
        format!("sha256:{}", format!("{byte:02x}").repeat(32))
    }

    fn manifest(deltas: &[(u8, usize)]) -> serde_json::Value {
        let layer = |kind: &str, size: usize| {
            serde_json::json!({
                "mediaType": kind, "size": size,
                "digest": pratique_image::Digest::sha256(&vec![0; size]).to_string(),
            })
        };
        let mut layers = vec![layer(WHOLE, 100)];
        for (from, size) in deltas {
            let mut delta = layer(DELTA, *size);
            delta["annotations"] = serde_json::json!({ FROM: id(*from) });
            layers.push(delta);
        }
        serde_json::json!({
            "schemaVersion": 2, "artifactType": ARTIFACT_TYPE, "layers": layers,
            "config": layer("application/vnd.oci.empty.v1+json", 2),
            "annotations": {
                CONTENT: id(9), CREATED: "2026-01-02T00:00:00Z", SHA256: id(8), SIZE: "1000", FORMAT: Database::FORMAT.to_string(), RECORDS: "5",
            },
        })
    }

    fn read(manifest: serde_json::Value) -> anyhow::Result<Artifact> {
        Artifact::read(&serde_json::from_value(manifest).unwrap(), "registry.example/db:1")
    }

    #[test]
    fn takes_the_shortest_way_that_it_knows() {
        let artifact = read(manifest(&[(1, 50), (2, 200), (3, 30), (3, 20), (9, 10)])).unwrap();
        let size = |contents: u8, created: &str| {
            let edition = Edition { contents: id(contents), created: created.parse().unwrap() };
            match artifact.route(Some(&edition)) {
                Route::Here => 0,
                Route::Delta(layer) | Route::Whole(layer) => layer.size,
            }
        };
        assert_eq!(artifact.route(None), Route::Whole(&artifact.whole), "nothing is here");
        assert_eq!(size(9, "2026-01-02T00:00:00Z"), 0, "it is here");
        assert_eq!(size(9, "2026-01-01T00:00:00Z"), 10, "the same contents, known for longer");
        assert_eq!(size(1, "2026-01-01T00:00:00Z"), 50);
        assert_eq!(size(2, "2026-01-01T00:00:00Z"), 100, "a delta larger than the whole");
        assert_eq!(size(3, "2026-01-01T00:00:00Z"), 20, "the smaller of two");
        assert_eq!(size(4, "2026-01-01T00:00:00Z"), 100, "no delta from there");
    }

    #[test]
    fn says_what_is_wrong_with_others() {
        for (pointer, value, word) in [
            ("/artifactType", serde_json::json!("application/x"), "application/x"),
            ("/artifactType", serde_json::Value::Null, "application/vnd.oci.empty.v1+json"),
            ("/annotations/dev.pratique.db.format", serde_json::json!("999"), "newer pratique"),
            ("/annotations/dev.pratique.db.format", serde_json::json!("0"), "more recently"),
            ("/annotations/dev.pratique.db.size", serde_json::json!("-1"), SIZE),
            ("/annotations/dev.pratique.db.sha256", serde_json::json!("sha256:x"), SHA256),
            ("/annotations/org.opencontainers.image.created", serde_json::json!("yesterday"), CREATED),
            ("/annotations", serde_json::json!({}), FORMAT),
            ("/layers", serde_json::json!([]), WHOLE),
        ] {
            let mut changed = manifest(&[]);
            *changed.pointer_mut(pointer).unwrap() = value;
            let error = read(changed).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("registry.example/db:1"), "{pointer}: {error}");
        }
    }
}
