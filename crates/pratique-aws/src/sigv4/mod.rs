//! AWS Signature Version 4: who sent a request, and that nobody changed it.
//!
//! A client puts the parts of its request into one text, the *canonical request* ([`canonical`]), and signs the hash of that
//! with a key made of its secret, the day, the region and the service ([`key`]). The server does the same with what arrived
//! and compares ([`Verifier`]). The secret itself never travels. Calls that go out are signed by the same code ([`sign()`]).
//!
//! The signature stands in the `Authorization` header or, of presigned URLs, in the query ([`Presented`]).
//!
//! Specification: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//!
//! What is signed is what counts: the headers that choose the operation and the session have to be among the signed ones, and
//! the hash in the canonical request is the hash of the body that arrived, not one that the client claims.

pub mod canonical;
mod key;
mod payload;
mod presented;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use key::{Scope, Secret};
pub use payload::Payload;
pub use presented::{Place, Presented};
pub use sign::{SigningError, SigningKey, presign, sign};
pub use verify::{CredentialSource, Found, Lookup, LookupError, SignatureError, Verifier};

/// The one algorithm: HMAC with SHA-256. (`AWS4-ECDSA-P256-SHA256`, Signature Version 4A, is for several regions at once.)
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How an instant is written in signatures: ISO 8601 without separators, in UTC.
const INSTANT: &str = "%Y%m%dT%H%M%SZ";
