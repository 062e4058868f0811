//! The wire protocols of the AWS services.
pub mod sigv4;
mod caller;
mod operations;
pub use caller::Caller;
