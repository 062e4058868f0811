//! `WWW-Authenticate`: which login a registry wants (RFC 9110, section 11.6.1; distribution *Token Authentication*).

/// A login that a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from a token service.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
    /// User and password.
    Basic,
}

impl Challenge {
    /// The best of the challenges in these header values: bearer before basic.
    pub(super) fn choose<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for (scheme, parameters) in values.flat_map(parse) {
            let get = |name: &str| {
                parameters
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.clone())
            };
            if scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = get("realm") {
                    return Some(Self::Bearer { realm, service: get("service"), scope: get("scope") });
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            }
        }
        basic
    }
}

type Parameters = Vec<(String, String)>;

/// Splits one header value into schemes with their parameters; stops at what makes no sense.
fn parse(value: &str) -> Vec<(String, Parameters)> {
    let mut out: Vec<(String, Parameters)> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return out;
        }
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix('=') {
            let Some((value, after)) = parameter_value(after.trim_start()) else { return out };
            let Some((_, parameters)) = out.last_mut() else { return out };
            parameters.push((word.to_owned(), value));
            rest = after;
        } else {
            out.push((word.to_owned(), Vec::new()));
            rest = after;
        }
    }
}

/// A token or a quoted string, and what follows.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
        return text.split_at_checked(end).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return quoted.get(at + 1..).map(|rest| (value, rest)),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
            scope: scope.map(Into::into),
        };
        for (values, want) in [
            (
                &[
                    r#"Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push""#,
                ][..],
                Some(bearer("https://auth.example/token", Some("reg"), Some("repository:a/b:pull,push"))),
            ),
            (&["Basic realm=\"x\""], Some(Challenge::Basic)),
            (&["basic"], Some(Challenge::Basic)),
            (
                &[r#"Basic realm="a", bearer Realm="https://b" , service=c"#],
                Some(bearer("https://b", Some("c"), None)),
            ),
            (&["Negotiate", "Basic realm=x"], Some(Challenge::Basic)),
            (&[r#"Bearer realm="a\"b""#], Some(bearer("a\"b", None, None))),
            (&["Bearer service=x"], None),
            (&[r#"Bearer realm="unterminated"#], None),
            (&["Digest realm=\"x\""], None),
            (&["=,,=", ""], None),
        ] {
            assert_eq!(Challenge::choose(values.iter().copied()), want, "{values:?}");
        }
    }
}
