//! Tokens of pages: where a page ended, in a form that clients pass back and do not look into.
//!
//! A token has no secret in it and allows nothing: whoever makes one up gets another place to begin at.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::ServiceError;

/// A token as clients see it: for one query alone, whose hash it has in it.
pub fn write_token<P: Serialize>(query: u64, position: &P) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(postcard::to_stdvec(&(query, position)).unwrap_or_default())
}

/// Reads a token.
///
/// # Errors
/// [`ServiceError::Invalid`] for one that is none, or another query's.
pub fn read_token<P: DeserializeOwned>(query: u64, token: &str) -> Result<P, ServiceError> {
    let invalid = || ServiceError::Invalid("nextToken is not one of this query: begin without one".into());
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    match postcard::from_bytes::<(u64, P)>(&bytes) {
        Ok((of, position)) if of == query => Ok(position),
        _ => Err(invalid()),
    }
}
