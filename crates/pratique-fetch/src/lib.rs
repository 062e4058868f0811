//! Outgoing HTTP for every crate that needs it: one TLS stack, one idea of trust, retries, redirects and resuming.
//!
//! Blocking, because its users are: whoever downloads also hashes, expands and writes, and does so on a thread of
//! its own. Bodies come as they were sent: no content coding is asked for or undone, since digests are of those
//! bytes.
//!
//! What is decided here, once:
//!
//! * **Trust**: the platform's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` included); Mozilla's list when
//!   there are none, as in an empty container; extra files on top.
//! * **Redirects** are followed, but credentials go only to the origin that they were meant for.
//! * **Retries**: failed connections, 408, 429 and 5xx, with exponential back-off and jitter; `Retry-After` counts
//!   while it is reasonable. What must not arrive twice ([`Request::patch`]) is sent once.
//! * **Resuming**: a body that breaks off is asked for again from where it broke; see [`Resumable`].
//! * **Errors** name the URL without credentials or query (signed URLs are secrets), and what to try.

mod body;
mod client;
mod error;
mod request;
mod response;
mod resume;
mod retry;
mod tls;

pub use body::Body;
pub use client::{Builder, Client, go_offline};
pub use error::{Error, shown_url};
pub use request::{Request, form_encoded, same_origin};
pub use response::Response;
pub use resume::{From, Resumable};
pub use retry::RetryPolicy;
