//! JSON with comments and trailing commas, as Bun and editors of configuration write it.

/// The same document as JSON: comments and trailing commas are blanks, so that lines and columns stay.
pub(super) fn to_json(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    // Where a comma stands behind which nothing but blanks came so far.
    let mut comma = None;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                comma = None;
                at += 1;
                while let Some(&byte) = bytes.get(at) {
                    match byte {
                        b'\\' => at += 1,
                        b'"' => break,
                        _ => {}
                    }
                    at += 1;
                }
            }
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                let end = if bytes.get(at + 1) == Some(&b'/') {
                    memchr::memchr(b'\n', rest).map_or(bytes.len(), |end| at + 2 + end)
                } else {
                    memchr::memmem::find(rest, b"*/").map_or(bytes.len(), |end| at + 4 + end)
                };
                for byte in bytes.get_mut(at..end).unwrap_or_default().iter_mut().filter(|b| **b != b'\n') {
                    *byte = b' ';
                }
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(byte) = comma.take().and_then(|at| bytes.get_mut(at)) {
                    *byte = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    // Whole characters only were overwritten, with blanks.
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_out_what_json_has_not() {
        for (text, want) in [
            (r#"{"a": [1, 2, ], }"#, r#"{"a": [1, 2  ]  }"#),
            ("[1, // one,\n2 /* ], */ ,\n]", "[1,        \n2           \n]"),
            (r#"["//", ",]", "\",]", 1]"#, r#"["//", ",]", "\",]", 1]"#),
            ("[1,,]", "[1, ]"),
            ("/* é */1", "        1"),
            ("\"a", "\"a"),
            ("/*", "  "),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(to_json(text), want);
        }
    }
}
