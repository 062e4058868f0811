//! Signatures of what lies in registries, in cosign's form: made here, verified by cosign, and the other way round.
//!
//! What is signed is a small JSON document that names the digest of a manifest ([`payload`]), and thereby everything below
//! that manifest. Signature and document lie in the same repository under a tag made of the digest ([`store`]).
//!
//! A key is a pair on the curve P-256, from files as cosign and openssl write them ([`SigningKey`], [`VerifyingKey`]).
//! Nothing is asked of any service: no transparency log, no certificates. `cosign verify --key K --insecure-ignore-tlog`
//! accepts what is signed here.
//!
//! ```no_run
//! use pratique_image::{Access, OpenOptions, Repository};
//! use pratique_sign::{VerifyingKey, store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let reference = "registry.example/team/app:1".parse()?;
//! let repository = Repository::open(&reference, Access::Pull, &OpenOptions::default())?;
//! let key = VerifyingKey::read("cosign.pub".as_ref())?;
//! store::verify(&repository, &repository.published()?.digest, &key)?;
//! # Ok(())
//! # }
//! ```

mod encrypted;
mod error;
mod key;
pub mod payload;
pub mod store;

pub use error::{Error, KeyError};
pub use key::{PASSWORD_VARIABLE, SigningKey, VerifyingKey};
