//! Parser directives: `# syntax=…`, `# escape=…`, `# check=…`.
//!
//! They are comments of the form `key=value` at the very top. The first line of any other kind (an empty one too) ends
//! them, and what looks like one later is a comment (Dockerfile reference, *Parser directives*).

/// What the directives say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// The frontend image, `docker/dockerfile:1`.
    pub syntax: Option<String>,
    /// The character that continues lines and escapes: `\` or, for Windows' paths, `` ` ``.
    pub escape: char,
    /// BuildKit's own checks: `skip=…;error=true`.
    pub check: Option<String>,
}

impl Default for Directives {
    fn default() -> Self {
        Self { syntax: None, escape: '\\', check: None }
    }
}

impl Directives {
    /// Reads the directives at the top of `text`.
    ///
    /// # Errors
    /// When `escape` is neither of the two characters, which Docker refuses too: a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for line in text.lines() {
            let directive = line.trim_start().strip_prefix('#').and_then(|rest| rest.split_once('='));
            let Some((key, value)) = directive else { break };
            let (key, value) = (key.trim(), value.trim());
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
                break;
            }
            match key.to_ascii_lowercase().as_str() {
                "syntax" => found.syntax = Some(value.to_owned()),
                "check" => found.check = Some(value.to_owned()),
                "escape" => {
                    found.escape = match value {
                        "\\" => '\\',
                        "`" => '`',
                        other => return Err(format!("escape={other} is neither \\ nor `")),
                    };
                }
                _ => break,
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_at_the_top() {
        let read = |text| Directives::read(text).unwrap();
        let top = read("# syntax = docker/dockerfile:1\n#ESCAPE=`\nFROM x\n");
        assert_eq!((top.syntax.as_deref(), top.escape), (Some("docker/dockerfile:1"), '`'));
        assert_eq!(read("\n# escape=`\n").escape, '\\');
        assert_eq!(read("# about this file\n# escape=`\n").escape, '\\');
        assert_eq!(read("FROM x\n# escape=`\n").escape, '\\');
        assert!(Directives::read("# escape=^\n").is_err());
    }
}
