//! What registries say instead of giving.

use serde::Deserialize;

use crate::Digest;

/// What is wanted of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read.
    Pull,
    /// To read and write.
    Push,
}

impl Access {
    fn verb(self) -> &'static str {
        match self {
            Self::Pull => "pull from",
            Self::Push => "push to",
        }
    }

    /// What a token is asked for, given what the registry says is needed for one request.
    ///
    /// Registries want `pull` alone for the first question of a push; with that scope the token would be of no use for
    /// the rest.
    pub(super) fn scope(self, challenged: Option<&str>, repository: &str) -> String {
        let challenged = challenged.filter(|scope| !scope.is_empty());
        match (self, challenged) {
            (Self::Pull, Some(scope)) => scope.into(),
            (Self::Push, Some(scope)) if scope.contains("push") || scope.contains(":*") => scope.into(),
            (Self::Pull, None) => format!("repository:{repository}:pull"),
            (Self::Push, _) => format!("repository:{repository}:pull,push"),
        }
    }

    pub(super) fn failed(self, image: String, what: &str, source: pratique_fetch::Error) -> RegistryError {
        let what = what.to_owned();
        match self {
            Self::Pull => RegistryError::Fetch { image, what, source },
            Self::Push => RegistryError::Send { image, what, source },
        }
    }
}

/// Why a registry gave no image, or took none.
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
    /// No answer to what was sent.
    #[error("cannot push the {what} to {image}")]
    Send {
        /// The image.
        image: String,
        /// What was sent.
        what: String,
        /// Why.
        source: pratique_fetch::Error,
    },
    /// What is to be pushed cannot be read.
    #[error("cannot read the {what} for {image}")]
    Unreadable {
        /// The image.
        image: String,
        /// What was to be sent.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// 401, with or without having shown credentials.
    #[error("{host} does not let us {} {image}{said}. {}", access.verb(), remedy_401(*logged_in, *access))]
    Unauthorized {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was wanted.
        access: Access,
        /// The registry's words, with a separator in front.
        said: String,
        /// Whether credentials were shown.
        logged_in: bool,
    },
    /// 403.
    #[error("{host} denies access to {image}{said}. Check that the account may {} this repository", access.verb())]
    Denied {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was wanted.
        access: Access,
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
    #[error("{host} limits how often it is asked{said}. Log in for a higher limit, or try again later")]
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
    /// Another status than that of success for something that was pushed.
    #[error("{host} does not take the {what} of {image}: it answered {status}{said}{}", remedy_push(*status))]
    NotTaken {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was sent.
        what: String,
        /// HTTP status.
        status: u16,
        /// The registry's words.
        said: String,
    },
    /// The registry does not say where an upload goes on, or says nonsense.
    #[error("{host} broke the upload of the {what} of {image} off: {reason}. Try again, or another registry")]
    Upload {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was sent.
        what: String,
        /// What it did.
        reason: String,
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

fn remedy_401(logged_in: bool, access: Access) -> &'static str {
    match (logged_in, access) {
        (true, Access::Pull) => {
            "The credentials were not accepted: log in again, or check that the name is right"
        }
        (true, Access::Push) => {
            "The credentials were not accepted: log in again with an account that may push, or check the name"
        }
        (false, Access::Pull) => {
            "It does not exist, or it is private: check the name, or log in (docker login, or --username)"
        }
        (false, Access::Push) => "Log in with an account that may push (docker login, or --username)",
    }
}

fn remedy_push(status: u16) -> &'static str {
    match status {
        404 => ". Check the name of the repository; some registries want it to be made first",
        405 | 501 => ". It may be for reading only, as mirrors are",
        413 => ". It, or a proxy before it, limits how large a request may be",
        _ => "",
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
    fn asks_for_what_it_needs() {
        assert_eq!(Access::Pull.scope(None, "a/b"), "repository:a/b:pull");
        assert_eq!(Access::Pull.scope(Some("x"), "a/b"), "x");
        for challenged in [None, Some(""), Some("repository:a/b:pull")] {
            assert_eq!(Access::Push.scope(challenged, "a/b"), "repository:a/b:pull,push");
        }
        assert_eq!(Access::Push.scope(Some("repository:a/b:push,pull"), "a/b"), "repository:a/b:push,pull");
    }

    #[test]
    fn quotes_registries() {
        let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known\u001b[2J","detail":{}}]}"#;
        assert_eq!(said(body), " (NAME_UNKNOWN, repository name not known[2J)");
        assert_eq!(said(b"<html>"), "");
        assert_eq!(said(br#"{"errors":[]}"#), "");
    }
}
