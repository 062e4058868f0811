//! Container images: what names them, where they come from, and their layers as streams of files.
//!
//! [`Target::parse`] understands what a user typed, [`Image::open`] reads manifest and configuration,
//! [`Image::open_layer`] gives a layer as [`Entries`]: headers with bodies that are read only if somebody asks. All
//! sources (registry, docker archive, OCI archive, OCI layout, directory) look the same from there on. What files
//! mean is not known here.
//!
//! Nothing that comes from an image is believed: manifests, configurations and layers are checked against their
//! digests and bounded by [`Limits`], and layers are read exactly as container runtimes read them, because a
//! difference would be a place to hide. A layer stream that ends with `None` was whole and right; oddities that did
//! not stop reading are [`LayerNote`]s and [`ImageNote`]s.
//!
//! ```no_run
//! use pratique_image::{Image, OpenOptions, Target};
//!
//! let image = Image::open(&Target::parse("oci:build/app")?, &OpenOptions::default())?;
//! for layer in image.layers() {
//!     let mut entries = image.open_layer(layer.index)?;
//!     while let Some(entry) = entries.next_entry()? {
//!         println!("{} {}", entry.header.size, entry.header.path);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
pub mod digest;
pub mod entry;
mod error;
mod image;
mod layer;
mod limits;
mod manifest;
pub mod media_type;
pub mod path;
mod platform;
mod reference;
mod source;
mod tar;
mod target;

pub use config::{Healthcheck, HistoryEntry, ImageConfig, RootFs, RuntimeConfig};
pub use digest::{Algorithm, BadDigest, Digest, DigestReader, Hasher};
pub use entry::{Entries, Entry, EntryHeader, EntryKind};
pub use error::{Error, LayerError};
pub use image::{Credentials, Image, ImageNote, LayerInfo, OpenOptions, Progress, TempPolicy};
pub use layer::{layer_from, note::LayerNote};
pub use limits::Limits;
pub use manifest::{Descriptor, Draft, Index, Manifest, RawPlatform};
pub use path::{BadPath, ImagePath};
pub use platform::{BadPlatform, Platform};
pub use reference::{BadReference, Reference};
pub use source::attached::Attachment;
#[cfg(feature = "registry")]
pub use source::registry::{Access, Published, Pushed, RegistryError, Repository};
pub use tar::TarError;
pub use target::{ArchiveKind, BadTarget, Target};
