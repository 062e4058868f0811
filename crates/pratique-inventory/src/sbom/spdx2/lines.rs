//! Named values in the text of an annotation: one `name=value` a line.
//!
//! A backslash stands before what would end the line or, in tag-value documents, the text.

use crate::sbom::properties::Pair;

/// `pairs` as text.
pub(crate) fn write(pairs: &[Pair]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('\n', "\\n").replace("</", "<\\/");
    let lines: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    lines.join("\n")
}

/// The pairs of a text that [`write()`] wrote; lines that are none are passed over.
pub(crate) fn read(text: &str) -> impl Iterator<Item = Pair> {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let mut plain = String::with_capacity(value.len());
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n') => plain.push('\n'),
                    Some(other) => plain.push(other),
                    None => {}
                },
                c => plain.push(c),
            }
        }
        Some((name.to_owned(), plain))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn takes_any_value() {
        let pairs: Vec<_> = ["", "plain", "a=b", "two\nlines", "\\n", "</text>", "\\"]
            .iter()
            .map(|value| ("pratique:x".to_owned(), (*value).to_owned()))
            .collect();
        let text = super::write(&pairs);
        assert!(!text.contains("</text>"));
        assert_eq!(super::read(&text).collect::<Vec<_>>(), pairs);
    }
}
