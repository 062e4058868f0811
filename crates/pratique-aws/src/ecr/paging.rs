//! Pages: a token says where the next one begins. Clients do not look into it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::ApiError;

/// Things on a page, unless the client says otherwise.
pub(super) const USUAL: usize = 100;

/// Where a page begins, by the token of the one before.
pub(super) fn start<T: DeserializeOwned + Default>(token: Option<&str>) -> Result<T, ApiError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(T::default()) };
    let place = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    place.and_then(|place| serde_json::from_slice(&place).ok()).ok_or_else(|| {
        let message = "Invalid parameter at 'nextToken' failed to satisfy constraint: 'must be the nextToken of an answer'";
        ApiError::new("InvalidParameterException", message)
    })
}

/// The token of what begins behind a place.
pub(super) fn token<T: Serialize>(place: &T) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// Things on a page, as the client wants it.
pub(super) fn size(wanted: Option<usize>) -> usize {
    wanted.unwrap_or(USUAL)
}

/// Cuts a page off a list that is read whole: its things, and the token of the next.
pub(super) fn cut<T>(
    things: Vec<T>,
    token_before: Option<&str>,
    wanted: Option<usize>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let (start, size): (usize, usize) = (start(token_before)?, size(wanted));
    let end = start.saturating_add(size);
    let next = (things.len() > end).then(|| token(&end));
    Ok((things.into_iter().skip(start).take(size).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let all: Vec<u32> = (0..7).collect();
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let (page, next) = cut(all.clone(), token.as_deref(), Some(3)).unwrap();
            seen.extend(page);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert!(cut(all.clone(), Some("?"), None).is_err());
        assert!(cut(all, Some("eA"), None).is_err());
    }
}
