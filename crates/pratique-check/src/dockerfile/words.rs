//! Words, pairs and JSON arrays, as instructions other than `RUN` write them.

/// Splits `text` at blanks that are neither quoted nor escaped; quotes stay, so that `<<"EOF"` can be told from `<<EOF`.
/// Each word comes with its offset.
pub(super) fn split(text: &str, escape: char) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.extend(text.get(start..at).map(|word| (start, word)));
                }
                continue;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            // Within single quotes nothing is escaped.
            (None | Some('"'), c) if c == escape => {
                start.get_or_insert(at);
                chars.next();
                continue;
            }
            _ => {}
        }
        start.get_or_insert(at);
    }
    if let Some(start) = start {
        words.extend(text.get(start..).map(|word| (start, word)));
    }
    words
}

/// A word without its quotes and escapes.
pub(super) fn unquote(word: &str, escape: char) -> String {
    let mut out = String::with_capacity(word.len());
    let mut quote = None;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, c) if c == escape => out.extend(chars.next()),
            (Some('"'), c) if c == escape => match chars.next_if(|&next| next == '"' || next == escape) {
                Some(next) => out.push(next),
                None => out.push(c),
            },
            (_, c) => out.push(c),
        }
    }
    out
}

/// `key=value …`, or the old form `key value to the end of the line`.
pub(super) fn pairs(text: &str, escape: char) -> Vec<(String, String)> {
    let words = split(text, escape);
    let Some(&(_, first)) = words.first() else { return Vec::new() };
    if !first.contains('=') {
        let value = words.get(1).and_then(|&(at, _)| text.get(at..)).unwrap_or_default();
        return vec![(unquote(first, escape), unquote(value.trim(), escape))];
    }
    words
        .iter()
        .map(|(_, word)| {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            (unquote(key, escape), unquote(value, escape))
        })
        .collect()
}

/// A JSON array of strings, if `text` is one; everything else is the shell form, as Docker takes it.
pub(super) fn json(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_pairs() {
        let words: Vec<_> = split(r#"a "b c" d\ e 'f "g' h="i j""#, '\\').into_iter().map(|w| w.1).collect();
        assert_eq!(words, ["a", "\"b c\"", "d\\ e", "'f \"g'", "h=\"i j\""]);
        assert_eq!(unquote(r#"h="i \"j\"\n"\ k'\l'"#, '\\'), r#"h=i "j"\n k\l"#);
        assert_eq!(pairs("A=1 B='2 3'", '\\'), [("A".into(), "1".into()), ("B".into(), "2 3".into())]);
        assert_eq!(pairs("A some text = more", '\\'), [("A".into(), "some text = more".into())]);
        assert_eq!(json(r#" ["a", "b"] "#), Some(vec!["a".into(), "b".into()]));
        assert_eq!(json("[ -f x ] && y"), None);
        for text in ["", "\"", "'", "\\", "a=", "=", "\"\\"] {
            split(text, '\\');
            unquote(text, '\\');
            pairs(text, '`');
        }
    }
}
