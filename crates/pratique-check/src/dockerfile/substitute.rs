//! `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}`: what `ARG` and `ENV` put into later instructions.
//!
//! BuildKit also knows `${NAME#pattern}` and its kin; a value that would need one counts as not known.

/// A text with variables put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substituted {
    /// The text; variables that have no value are left out of it.
    pub text: String,
    /// Whether all variables had a value: only then does `text` say what the build will see.
    pub known: bool,
}

/// Deepest nesting of `${A:-${B:-…}}`.
const DEPTH: usize = 8;

/// Puts the values that `lookup` knows into `text`.
pub fn substitute(text: &str, escape: char, lookup: &dyn Fn(&str) -> Option<String>) -> Substituted {
    let mut out = Substituted { text: String::with_capacity(text.len()), known: true };
    expand(text, escape, lookup, DEPTH, &mut out);
    out
}

fn expand(
    text: &str,
    escape: char,
    lookup: &dyn Fn(&str) -> Option<String>,
    depth: usize,
    out: &mut Substituted,
) {
    if depth == 0 {
        out.known = false;
        return;
    }
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            c if c == escape => {
                let next = after.chars().next();
                out.text.extend(next);
                after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default()
            }
            '$' if after.starts_with('{') => {
                let inner = after.get(1..).unwrap_or_default();
                let Some(end) = closing(inner) else {
                    out.known = false;
                    return;
                };
                let (variable, tail) = inner.split_at(end);
                braced(variable, escape, lookup, depth, out);
                tail.get(1..).unwrap_or_default()
            }
            '$' => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                match (name, lookup(name)) {
                    ("", _) => out.text.push('$'),
                    (_, Some(value)) => out.text.push_str(&value),
                    (_, None) => out.known = false,
                }
                tail
            }
            c => {
                out.text.push(c);
                after
            }
        };
    }
}

/// The inside of `${…}`.
fn braced(
    variable: &str,
    escape: char,
    lookup: &dyn Fn(&str) -> Option<String>,
    depth: usize,
    out: &mut Substituted,
) {
    let end = variable.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(variable.len());
    let (name, operator) = variable.split_at(end);
    let value = lookup(name);
    // With a colon an empty value counts as none.
    let (operator, present) = match operator.strip_prefix(':') {
        Some(operator) => (operator, value.as_ref().is_some_and(|value| !value.is_empty())),
        None => (operator, value.is_some()),
    };
    let word = operator.get(1..).unwrap_or_default();
    match (operator.chars().next(), present) {
        (None | Some('-' | '?'), true) => out.text.push_str(&value.unwrap_or_default()),
        (Some('-'), false) | (Some('+'), true) => expand(word, escape, lookup, depth - 1, out),
        (Some('+'), false) => {}
        _ => out.known = false,
    }
}

/// Where the brace that was opened before `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let lookup = |name: &str| match name {
            "TAG" => Some("3.20".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let of = |text| {
            let done = substitute(text, '\\', &lookup);
            (done.text, done.known)
        };
        assert_eq!(of("alpine:$TAG-x"), ("alpine:3.20-x".into(), true));
        assert_eq!(of("a:${TAG}b"), ("a:3.20b".into(), true));
        assert_eq!(of("a:${NO:-${TAG}}"), ("a:3.20".into(), true));
        assert_eq!(of("a${EMPTY:-x}${EMPTY-y}${TAG:+z}${NO:+n}"), ("axz".into(), true));
        assert_eq!(of("a:$NO"), ("a:".into(), false));
        assert_eq!(of("a:${TAG#3.}"), ("a:".into(), false));
        assert_eq!(of(r"a\$TAG $"), ("a$TAG $".into(), true));
        for text in ["${", "$", "${}", "${:", "\\", "${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-x}}}}}}}}}"]
        {
            of(text);
        }
    }
}
