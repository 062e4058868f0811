//! The lines of `yarn.lock`: a language that looks like YAML and is not.
//!
//! Yarn 1 has its own format, and its own reader of it is the only specification (`src/lockfile/parse.js` of
//! yarn 1.22): nesting by two blanks, `key value`, `key:` before what is nested, several keys with commas
//! between, strings bare or in double quotes with JSON's escapes. Yarn 2 and later ("Berry") write a subset of
//! YAML by hand (`@yarnpkg/parsers`, "syml"): `key: value`, with `? key` for keys over 1024 characters, and their
//! reader takes the older format too. Neither has flow collections, block scalars, anchors or aliases, so a
//! reader of lines is all there is to it: it sees what Yarn sees, and cannot be led into depth.

use std::borrow::Cow;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// How deep it is nested.
    pub(super) level: usize,
    /// Its keys; more than one only in the older format.
    pub(super) keys: Vec<Cow<'a, str>>,
    /// Its value; none where nested lines follow.
    pub(super) value: Option<Cow<'a, str>>,
}

/// All lines that say something; an error is the number of a line that makes no sense.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, usize>> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (index, line) = lines.next()?;
            let content = line.trim_end().trim_start_matches(' ');
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let (number, level) = (index + 1, (line.len() - line.trim_start_matches(' ').len()) / 2);
            // `? "a long key"`, and on the next line `:` or `: value`.
            if let Some(key) = content.strip_prefix("? ") {
                let key = token(key).filter(|(_, rest)| rest.is_empty()).map(|(key, _)| key);
                let value = lines.next().and_then(|(_, line)| line.trim().strip_prefix(':'));
                let (Some(key), Some(value)) = (key, value) else { return Some(Err(number)) };
                let value = value.trim();
                let value = if value.is_empty() { None } else { scalar(value) };
                return Some(Ok(Line { number, level, keys: vec![key], value }));
            }
            return Some(
                parse(content).map(|(keys, value)| Line { number, level, keys, value }).ok_or(number),
            );
        }
    })
}

/// The keys of a line, and its value.
type Content<'a> = (Vec<Cow<'a, str>>, Option<Cow<'a, str>>);

fn parse(content: &str) -> Option<Content<'_>> {
    let (key, mut rest) = token(content)?;
    let mut keys = vec![key];
    while let Some(more) = rest.strip_prefix(',') {
        let (key, after) = token(more.trim_start())?;
        keys.push(key);
        rest = after;
    }
    let value = rest.strip_prefix(':').unwrap_or(rest);
    if value.is_empty() {
        // A key alone, without a colon, says nothing.
        return rest.starts_with(':').then_some((keys, None));
    }
    let value = value.strip_prefix(' ')?.trim();
    Some((keys, Some(scalar(value)?)))
}

/// A key, and what follows it.
fn token(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if text.starts_with('"') {
        return quoted(text);
    }
    // A colon ends a key only before a blank or the end: `mine@git+ssh://…`.
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        let rest = text.get(at + 1..).unwrap_or_default();
        if c == ' ' || c == ',' || (c == ':' && (rest.is_empty() || rest.starts_with(' '))) {
            end = at;
            break;
        }
    }
    let (key, rest) = text.split_at_checked(end)?;
    (!key.is_empty()).then_some((Cow::Borrowed(key), rest))
}

fn scalar(text: &str) -> Option<Cow<'_, str>> {
    if text.starts_with('"') {
        return quoted(text).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value);
    }
    Some(Cow::Borrowed(text))
}

/// A string in double quotes, and what follows it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|b| match (b, escaped) {
        (_, true) => {
            escaped = false;
            false
        }
        (b'\\', false) => {
            escaped = true;
            false
        }
        (b, false) => b == b'"',
    })? + 2;
    let (string, rest) = text.split_at_checked(end)?;
    let inner = string.get(1..string.len() - 1)?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some((Cow::Borrowed(inner), rest));
    }
    serde_json::from_str::<String>(string).ok().map(|value| (Cow::Owned(value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(usize, String, String), usize>> {
        lines(text)
            .map(|line| {
                line.map(|l| (l.level, l.keys.join("|"), l.value.map_or_else(|| "-".into(), Cow::into_owned)))
            })
            .collect()
    }

    #[test]
    fn reads_both_languages() {
        let line = |level, keys: &str, value: &str| Ok((level, keys.to_owned(), value.to_owned()));
        for (text, want) in [
            ("a@^1, \"b c@2\", d@git+ssh://h/r:", line(0, "a@^1|b c@2|d@git+ssh://h/r", "-")),
            ("  version \"1.0.0\"\r\n", line(1, "version", "1.0.0")),
            ("  resolved \"https://h/a.tgz#1\"", line(1, "resolved", "https://h/a.tgz#1")),
            ("    \"@a/b\" \">= 1 < 2\"", line(2, "@a/b", ">= 1 < 2")),
            ("    mine G-Rath/npm", line(2, "mine", "G-Rath/npm")),
            ("  version: 1.0.0", line(1, "version", "1.0.0")),
            ("\"a@npm:1, a@npm:^1\":", line(0, "a@npm:1, a@npm:^1", "-")),
            ("    minipass: \"npm:^7\"", line(2, "minipass", "npm:^7")),
            ("\"a\\\"b\\u0041\":", line(0, "a\"bA", "-")),
            ("? \"long\"\n:", line(0, "long", "-")),
            ("  ? long\n  : 1", line(1, "long", "1")),
        ] {
            assert_eq!(read(text), [want], "{text}");
        }
        assert!(read("# comment\n\n   # another\n").is_empty());
    }

    #[test]
    fn says_which_line_makes_no_sense() {
        for text in [
            "a\n",
            "\"a\n",
            "\"a\"b\n",
            ":\n",
            "a,\n",
            "a \"b\n",
            "? a\nb: c\n",
            "? a",
            "a:b:c\n",
            "\"\\x\":",
        ] {
            assert_eq!(read(text), [Err(1)], "{text}");
        }
    }
}
