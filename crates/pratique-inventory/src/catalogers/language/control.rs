//! Paragraphs of `Field: value`, the form of Debian's control files that R (`DESCRIPTION`) and vcpkg
//! (`status`) took over.
//!
//! A value goes on in lines that begin with white space; a blank line ends a paragraph. Names of fields
//! ignore case. A line that is neither is passed over: both programs do that too.

/// The fields of a paragraph, in their order.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    fields: Vec<(String, String)>,
}

impl Paragraph {
    /// The value of a field, its lines joined by blanks; the last if it is given twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The names in a list of requirements: `R (>= 4.0), utils, fmt:x64-linux (>= 1)`, without what stands in
    /// brackets.
    pub(super) fn names(&self, field: &str) -> impl Iterator<Item = &str> {
        let list = self.get(field).unwrap_or_default().split(',');
        list.map(|entry| entry.split('(').next().unwrap_or(entry).trim()).filter(|name| !name.is_empty())
    }
}

/// All paragraphs that have a field.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = Paragraph> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut paragraph = Paragraph::default();
        for line in lines.by_ref() {
            if line.trim().is_empty() {
                if paragraph.fields.is_empty() {
                    continue;
                }
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = paragraph.fields.last_mut() {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                paragraph.fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        (!paragraph.fields.is_empty()).then_some(paragraph)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lists() {
        let text = "\n\nPackage: a\nDepends: R (>= 4.0),\n  utils, ,\n\tb\nnonsense\nempty:\n\n\n continued\nPACKAGE: b\r\n";
        let found: Vec<_> = paragraphs(text).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].names("depends").collect::<Vec<_>>(), ["R", "utils", "b"]);
        assert_eq!(found[0].get("empty"), None);
        assert_eq!(found[1].get("package"), Some("b"));
    }
}
