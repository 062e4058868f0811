//! Texts that are shown although secrets may be in them: the commands of an image's history.

use std::borrow::Cow;

use super::{Text, scan_text};

/// Rounds after which a text that still has secrets is not shown at all.
const ROUNDS: usize = 8;

/// `text` with every secret in it as it may be shown, wherever its value stands.
///
/// A search tells one secret of what may be several on a line, so it is made again until it finds nothing. What cannot be
/// searched to its end is left out as a whole: a command that nobody sees is better than a token that everybody does.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        let searched = scan_text(shown.as_bytes(), Text { name: "", settings: true, library: false });
        if searched.cut {
            break;
        }
        if searched.hits.is_empty() {
            return shown;
        }
        let values: Vec<_> = searched
            .hits
            .iter()
            .filter_map(|hit| {
                Some((shown.get(hit.at..hit.at.checked_add(hit.len)?)?.to_owned(), &hit.redacted))
            })
            .collect();
        if values.len() < searched.hits.len() {
            // A rule's expression matches bytes, and ended within a character.
            break;
        }
        let mut next = shown.into_owned();
        for (value, redacted) in values {
            next = next.replace(&value, redacted);
        }
        shown = next.into();
    }
    "… (not shown: it holds secrets)".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here, so that no file of ours holds one.
    fn token() -> String {
        ["gl", "pat-", "q9Zr2Lk0VbT7mXw4Hs8P"].concat()
    }

    #[test]
    fn every_occurrence_and_every_kind_on_a_line() {
        let token = token();
        let bare = token.strip_prefix("glpat-").unwrap_or_default();
        let text =
            format!("|1 CI={token} /bin/sh -c curl -H {token} && DB_PASSWORD=zK3!vq9Wm2xT7pLd ./migrate");
        let shown = redacted(&text);
        assert!(!shown.contains(bare) && !shown.contains("zK3!vq9Wm2xT7pLd"), "{shown}");
        assert!(shown.starts_with("|1 CI=glpat-… ") && shown.ends_with("./migrate"), "{shown}");
        assert_eq!(redacted(&shown), shown, "what is redacted stays as it is");
    }

    #[test]
    fn what_has_none_is_not_touched() {
        let text = "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit";
        assert!(matches!(redacted(text), Cow::Borrowed(_)));
    }

    #[test]
    fn what_has_too_many_is_not_shown() {
        let tokens: Vec<_> = (0..300).map(|n| token().replace("q9Z", &format!("{n:03}"))).collect();
        let text = tokens.join(" ");
        assert_eq!(redacted(&text), "… (not shown: it holds secrets)");
    }
}
