//! What is remembered: metadata in SQLite or PostgreSQL, the bytes of blobs on disk or in object storage.
//!
//! * [`Store`] is the database. [`Store::read`] and [`Store::write`] give a [`Session`]; each table is one file whose
//!   functions are methods of the session. A writing session is one transaction: what is not committed never was.
//! * [`Blobs`] keeps bytes by their digest, and uploads that grow until they have one.
//!
//! One SQL text serves both databases. What the rules are (who may push what, which tag may move) is not known here;
//! what must hold whatever the rules say (a manifest's blobs are there, a blob in use is not removed) is.

pub mod audit;
pub mod blob;
pub mod blobs;
pub mod check;
pub mod component;
pub mod credential;
mod error;
pub mod event;
pub mod image;
pub mod listing;
pub mod manifest;
mod preview;
pub mod repository;
pub mod rescan;
mod schema;
pub mod setting;
mod sql;
pub mod tag;
pub mod upload;

pub use self::{
    blobs::Blobs,
    error::{BlobError, StoreError},
    sql::{Row, Session, Store, Value},
};

/// A time, in microseconds since 1970 (UTC).
pub type Micros = i64;
