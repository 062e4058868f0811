//! What is in an image: steps 1 to 3 of the one flow, from the bytes of layers to packages.
//!
//! * A [`Cataloger`] looks at one file at a time and says what it states: a [`Fact`]. It knows nothing of
//!   layers, images or vulnerabilities. [`catalogers::all`] is the table of all of them.
//! * [`analyse()`] lets the catalogers read a layer while it streams past: [`LayerFacts`], which depend on the
//!   layer's bytes alone and are therefore kept by its digest in the [`Cache`].
//! * [`Overlay`] lays the layers' facts over each other as the container runtime lays the files: later ones
//!   cover earlier ones, whiteouts remove them.
//! * The resolvers make packages of what is left ([`Inventory`]), each with the files that state it and the
//!   layer in which this version of it first appeared.
//!
//! [`Inventory::take`] does all of it.

pub mod analyse;
pub mod cache;
pub mod cataloger;
pub mod catalogers;
mod costs;
pub mod exclusion;
pub mod fact;
pub mod inventory;
pub mod licence;
pub mod overlay;
pub mod package;
pub mod path_set;
pub mod resolve;
pub mod sbom;
mod selection;

pub use analyse::analyse;
pub use cache::Cache;
pub use cataloger::{Cataloger, CatalogerId, File, Limits, Reading, Unreadable};
pub use costs::{Cost, Costs};
pub use fact::{
    Distribution, Fact, FileFacts, LayerFacts, Problem, Requirement, SecretFact, SourcePackage, SpecialMode,
    Stated,
};
pub use inventory::{Inventory, Scope, TakeError, TakeOptions};
pub use overlay::Overlay;
pub use package::{Location, Package, PackageKind};
pub use path_set::PathSet;
pub use resolve::{
    graph::Graph,
    observed::{LicenceText, Observed, Secret, Special, Trace},
};
pub use selection::Selection;
