//! What people write where a secret would stand.

/// Words of examples and templates.
const WORDS: [&str; 26] = [
    "example",
    "sample",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "change.me",
    "your_",
    "your-",
    "yourpass",
    "xxxx",
    "****",
    "dummy",
    "redacted",
    "insert",
    "foobar",
    "deadbeef",
    "not-a-",
    "notareal",
    "fake",
    "replace",
    "secret_here",
    "token_here",
    "1234567890",
    "abcdefghij",
    "0123456789",
];

/// Whether `value` is a placeholder, a variable or a pattern.
pub(super) fn stands_for_a_secret(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    // A long text, a key say, may hold any word by chance.
    let short = value.len() <= 200;
    if short && WORDS.iter().any(|word| text.contains(word)) {
        return true;
    }
    // `$6$…` is how a hashed password begins.
    let is_hash = matches!(value, [b'$', b'0'..=b'9' | b'y', ..]);
    let is_variable = !is_hash && text.starts_with(['$', '<', '{', '%', '@'])
        || ["${", "$(", "{{", "%(", "<%"].iter().any(|mark| text.contains(mark));
    short && (is_variable || repeats(value))
}

/// Whether one byte makes up half of it or more.
fn repeats(value: &[u8]) -> bool {
    let most = value.iter().map(|byte| memchr::memchr_iter(*byte, value).count()).max();
    most.is_some_and(|most| most * 2 >= value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for text in
            ["AKIAIOSFODNN7EXAMPLE", "your_token", "${TOKEN}", "<password>", "aaaaaaaaab", "{{ .Values.x }}"]
        {
            assert!(stands_for_a_secret(text.as_bytes()), "{text}");
        }
        for text in ["q9Zr2Lk0Vb", "hunter2!"] {
            assert!(!stands_for_a_secret(text.as_bytes()), "{text}");
        }
    }
}
