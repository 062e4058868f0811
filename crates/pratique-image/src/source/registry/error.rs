//! What registries say instead of giving.

use serde::Deserialize;

use crate::Digest;

/// Why a registry gave no image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No answer.
    #[error("cannot fetch the {what} of {image}")]
    Fetch {
        /// The image.
        image: String,
        /// What was asked for.
        what: String,
        /// Why.
        source: pratique_fetch::Error,
    },
    /// 401, with or without having shown credentials.
    #[error("{host} does not let us read {image}{said}. {}", remedy_401(*logged_in))]
    Unauthorized {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// The registry's words, with a separator in front.
        said: String,
        /// Whether credentials were shown.
        logged_in: bool,
    },
    /// 403.
    #[error("{host} denies access to {image}{said}. Check that the account may pull from this repository")]
    Denied {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// The registry's words.
        said: String,
    },
    /// 404.
    #[error("{host} has no {what} for {image}{said}. Check repository and tag")]
    NotFound {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was asked for.
        what: String,
        /// The registry's words.
        said: String,
    },
    /// 429, after waiting.
    #[error("{host} limits how often images are pulled{said}. Log in for a higher limit, or try again later")]
    TooManyRequests {
        /// The registry.
        host: String,
        /// The registry's words.
        said: String,
    },
    /// Another status.
    #[error("{host} answered {status} when asked for the {what} of {image}{said}")]
    Status {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
        /// The registry's words.
        said: String,
    },
    /// The registry wants a login of a kind that is not known.
    #[error("{host} wants a login of a kind that is not supported ({challenge:?}; basic and bearer are)")]
    UnknownChallenge {
        /// The registry.
        host: String,
        /// What it said.
        challenge: String,
    },
    /// The token service gave no token.
    #[error("no token for {image} from {realm}: {reason}")]
    Token {
        /// The image.
        image: String,
        /// The token service.
        realm: String,
        /// Why.
        reason: String,
    },
    /// The header that names the manifest's digest names another one.
    #[error("{host} says the manifest of {image} has digest {stated}, but its bytes have {actual}")]
    WrongContentDigest {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// As the header says.
        stated: Box<Digest>,
        /// As the bytes say.
        actual: Box<Digest>,
    },
}

fn remedy_401(logged_in: bool) -> &'static str {
    if logged_in {
        "The credentials were not accepted: log in again, or check that the name is right"
    } else {
        "It does not exist, or it is private: check the name, or log in (docker login, or --username)"
    }
}

/// The words of an error answer (distribution specification, *Error Codes*), with ": " in front; or nothing.
pub(super) fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        errors: Vec<One>,
        /// Token services say it so.
        #[serde(default)]
        details: Option<String>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: Option<String>,
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return String::new() };
    let text = match answer.errors.first() {
        Some(One { code, message: Some(message) }) if !message.is_empty() => format!("{code}, {message}"),
        Some(One { code, .. }) => code.clone(),
        None => answer.details.unwrap_or_default(),
    };
    // Strangers' words: bounded, and nothing that plays with a terminal.
    let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    if text.is_empty() { text } else { format!(" ({text})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_registries() {
        let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known\u001b[2J","detail":{}}]}"#;
        assert_eq!(said(body), " (NAME_UNKNOWN, repository name not known[2J)");
        assert_eq!(said(b"<html>"), "");
        assert_eq!(said(br#"{"errors":[]}"#), "");
    }
}
