//! Paths of REST operations: `/tags/{resourceArn}`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The path of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Label(Box<str>),
    /// Takes the slashes as well.
    Greedy(Box<str>),
}

/// What a path says: wire names of members, and values.
pub(crate) type Labels<'a> = Vec<(&'a str, String)>;

impl PathPattern {
    /// Reads `/tags/{resourceArn}` or `/objects/{Key+}`.
    pub(super) fn parse(text: &str) -> Self {
        let segments = text.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => Segment::Literal(segment.into()),
                Some(label) => match label.strip_suffix('+') {
                    Some(label) => Segment::Greedy(label.into()),
                    None => Segment::Label(label.into()),
                },
            }
        });
        Self { segments: segments.collect() }
    }

    /// The labels of a path as it travels, if it is one of these. Where the last label is an ARN, some clients do not encode
    /// the slashes in it: `lenient` lets it take them.
    pub fn labels<'a>(&'a self, path: &str, lenient: bool) -> Option<Labels<'a>> {
        let path = path.strip_prefix('/')?;
        let mut rest = (!path.is_empty()).then_some(path);
        let mut labels = Vec::new();
        for (index, segment) in self.segments.iter().enumerate() {
            let last = index + 1 == self.segments.len();
            let whole = rest?;
            let (first, after) = match whole.split_once('/') {
                Some((first, after)) => (first, Some(after)),
                None => (whole, None),
            };
            match segment {
                Segment::Literal(literal) if **literal == *first => rest = after,
                Segment::Label(label) if !(first.is_empty() || lenient && last) => {
                    labels.push((&**label, decoded(first)?));
                    rest = after;
                }
                Segment::Label(label) | Segment::Greedy(label) if last && !first.is_empty() => {
                    labels.push((&**label, decoded(whole)?));
                    rest = None;
                }
                _ => return None,
            }
        }
        // A slash at the end is not told apart.
        rest.is_none_or(str::is_empty).then_some(labels)
    }
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_decoded_after_splitting() {
        let pattern = PathPattern::parse("/tags/{resourceArn}");
        let arn = "arn:aws:inspector2:us-east-1:1:owner/1/filter/2".to_owned();
        let labels = vec![("resourceArn", arn.clone())];
        let encoded = "/tags/arn%3Aaws%3Ainspector2%3Aus-east-1%3A1%3Aowner%2F1%2Ffilter%2F2";
        assert_eq!(pattern.labels(encoded, false), Some(labels.clone()));
        assert_eq!(pattern.labels(&format!("/tags/{arn}"), false), None);
        assert_eq!(pattern.labels(&format!("/tags/{arn}"), true), Some(labels));
        for other in ["/tags", "/tags/", "/tags//", "/tag/a", "/", "", "/tags/%FF"] {
            assert_eq!(pattern.labels(other, true), None, "{other}");
        }
    }

    #[test]
    fn literals_and_the_root() {
        assert_eq!(PathPattern::parse("/").labels("/", false), Some(vec![]));
        assert_eq!(PathPattern::parse("/").labels("/a", false), None);
        assert_eq!(PathPattern::parse("/findings/list").labels("/findings/list", false), Some(vec![]));
        assert_eq!(PathPattern::parse("/findings/list").labels("/findings/list/", false), Some(vec![]));
        assert_eq!(PathPattern::parse("/findings/list").labels("/findings", false), None);
        let middle = PathPattern::parse("/members/{id}/status");
        assert_eq!(middle.labels("/members/7/status", true), Some(vec![("id", "7".to_owned())]));
    }
}
