//! Strangers' text in other languages: XML and HTML, and URLs.

use std::{borrow::Cow, fmt::Write};

/// `text` for XML or HTML, in an element or in an attribute between double quotes.
///
/// Characters that XML 1.0 has no place for (section 2.2: most control characters, U+FFFE, U+FFFF) become U+FFFD: even
/// as a reference they make a document that no parser takes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| matches!(c, '&' | '<' | '>' | '"' | '\'') || !is_xml(c)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_xml(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out.into()
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{7f}'..='\u{9f}')
}

/// Whether `url` may be a link: of the web, and without anything that could end it.
pub fn is_link(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && !url.contains(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '`')
        })
}

/// `text` with all but letters, digits and `kept` percent-encoded (RFC 3986, section 2.1).
pub fn percent_encoded(text: &str, kept: &[u8]) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The first `most` characters of `text`, with an ellipsis for the last where it is longer.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return text.into();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(escape("\u{1b}[31m\u{0}\u{ffff}"), "\u{fffd}[31m\u{fffd}\u{fffd}");
        assert_eq!(escape("naïve\n"), "naïve\n");
    }

    #[test]
    fn links_are_of_the_web() {
        assert!(is_link("https://example.com/a?b#c"));
        assert!(!is_link("javascript:alert(1)"));
        assert!(!is_link("https://example.com/\"onclick="));
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(shortened("名前名", 3), "名前名");
        assert_eq!(shortened("名前名前", 3), "名前…");
    }
}
