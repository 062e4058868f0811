//! The wire protocols of the AWS services: from an HTTP request to "call this operation with this input", and back.
//!
//! A request passes through here in this order, one module each:
//! 1. [`dispatch`]: which service and operation it is for, and in which protocol;
//! 2. [`sigv4`]: who signed it;
//! 3. [`protocol`]: its input, by the published [`model`] of the service;
//! 4. the check of the input against the model;
//! 5. an async function of the table of [`Operations`];
//! 6. the protocol again, for the output or the error.
//!
//! [`Surface`] holds that together. Operations are typed functions, one line each in the table; what they need to know besides
//! their input is in their [`Context`]. The crate has no logic of its own: operations parse, call one of `pratique_service`, and
//! write the answer; [`sts`] tells callers who they are.

mod blob;
mod caller;
mod deployment;
pub mod dispatch;
mod ecr;
mod error;
mod inspector2;
pub mod model;
mod operations;
pub mod protocol;
mod services;
pub mod sigv4;
pub mod sts;
mod surface;

pub use blob::Blob;
pub use caller::Caller;
pub use deployment::surface;
pub use error::{ApiError, Common};
pub use operations::{Context, Handler, Operations, Pending};
pub use protocol::Protocol;
pub use services::Service;
pub use surface::{Clock, Identity, Surface, SurfaceError};
