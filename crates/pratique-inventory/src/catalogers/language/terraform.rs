//! `.terraform.lock.hcl`: the providers that a configuration of Terraform or OpenTofu was resolved to.
//!
//! Follows Terraform's documentation, "Dependency lock file": blocks `provider "HOST/NAMESPACE/TYPE" {
//! version = "…" … }`, in HCL. Terraform itself refuses expressions here, so texts, lists of texts and
//! nothing else have to be told apart. A provider whose block has no version was named but not yet chosen.
//!
//! The provider's whole address is its name, as people and registries write it: `hashicorp/aws` of one
//! registry is not that of another. Modules are not locked.

use pratique_image::EntryHeader;

use super::document::{self, line_of};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Providers that `.terraform.lock.hcl` pins.
pub struct TerraformLock;

/// Longest file that is read, in bytes: a provider takes 2 kB of hashes.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "Terraform lock file";

impl Cataloger for TerraformLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/terraform-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/.terraform.lock.hcl", "**/.opentofu.lock.hcl"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b".terraform.lock.hcl" | b".opentofu.lock.hcl")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let providers = providers(&text).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let mut reading = Reading::nothing();
        for provider in providers.iter().filter(|provider| provider.version.is_empty()) {
            reading.problem(format!("the provider {} has no version", provider.address));
        }
        let packages = providers.into_iter().map(|provider| {
            let mut stated = Stated {
                kind: PackageKind::Terraform,
                name: provider.address,
                version: provider.version,
                locked_only: true,
                ..Stated::default()
            };
            if !provider.constraints.is_empty() {
                stated.details.insert("constraints".into(), provider.constraints);
            }
            stated
        });
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Provider {
    address: String,
    version: String,
    constraints: String,
}

/// The blocks `provider` at the top of the file.
fn providers(text: &str) -> Result<Vec<Provider>, String> {
    let mut tokens = Tokens { bytes: text.as_bytes(), at: 0 };
    let mut found: Vec<Provider> = Vec::new();
    let mut depth = 0_usize;
    // Words and texts since the last bracket or sign: a block's type and labels, an attribute's name.
    let mut head: Vec<String> = Vec::new();
    let mut attribute = String::new();
    let mut in_provider = false;
    while let Some(token) = tokens.next()? {
        match token {
            Token::Word(word) => head.push(word),
            Token::Text(text) => {
                let value = std::mem::take(&mut attribute);
                let provider = found.last_mut().filter(|_| in_provider && depth == 1);
                match (value.as_str(), provider) {
                    ("version", Some(provider)) => provider.version = text,
                    ("constraints", Some(provider)) => provider.constraints = text,
                    ("", _) if depth == 0 => head.push(text),
                    _ => {}
                }
            }
            Token::Mark(b'=') => {
                attribute = head.pop().unwrap_or_default();
                head.clear();
            }
            Token::Mark(mark @ (b'{' | b'[')) => {
                let head = std::mem::take(&mut head);
                if depth == 0 {
                    in_provider = mark == b'{' && head.first().is_some_and(|word| word == "provider");
                    if in_provider {
                        let [_, address] = head.as_slice() else {
                            return Err(tokens.error("a provider has no address"));
                        };
                        found.push(Provider { address: address.clone(), ..Provider::default() });
                    }
                }
                attribute.clear();
                depth += 1;
            }
            Token::Mark(b'}' | b']') => {
                depth =
                    depth.checked_sub(1).ok_or_else(|| tokens.error("a bracket closes that none opened"))?;
                head.clear();
            }
            Token::Mark(_) => {}
        }
    }
    if depth == 0 && head.is_empty() { Ok(found) } else { Err(tokens.error("it breaks off")) }
}

enum Token {
    Word(String),
    Text(String),
    Mark(u8),
}

struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    fn error(&self, what: &str) -> String {
        format!("line {}: {what}", line_of(self.bytes, self.at))
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Result<Option<Token>, String> {
        loop {
            let rest = self.rest();
            self.at += match rest {
                [] => return Ok(None),
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                [b'#', ..] | [b'/', b'/', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                [b'/', b'*', ..] => memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
                [b'"', ..] => return self.text().map(Some),
                [byte, ..] => {
                    let is_word =
                        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
                    let length = rest.iter().take_while(|byte| is_word(byte)).count();
                    let word = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
                    let token = if length == 0 { Token::Mark(*byte) } else { Token::Word(word) };
                    self.at += length.max(1);
                    return Ok(Some(token));
                }
            };
        }
    }

    /// A text, in which an escaped character stands for itself: addresses and versions escape nothing.
    fn text(&mut self) -> Result<Token, String> {
        let mut text = Vec::new();
        let mut at = self.at + 1;
        loop {
            match (self.bytes.get(at), self.bytes.get(at + 1)) {
                (Some(b'"'), _) => {
                    self.at = at + 1;
                    return Ok(Token::Text(String::from_utf8_lossy(&text).into_owned()));
                }
                (Some(b'\\'), Some(&escaped)) => {
                    text.push(escaped);
                    at += 2;
                }
                (Some(b'\n') | None, _) => return Err(self.error("a text is not closed")),
                (Some(&byte), _) => {
                    text.push(byte);
                    at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const LOCK: &str = "# made by \"terraform init\"\nprovider \"registry.terraform.io/hashicorp/aws\" {\n  version     = \"5.72.1\"\n  \
        constraints = \"> 5.72.0\"\n  hashes = [\n    \"h1:a=\",\n    \"zh:0d\",\n  ]\n}\n\n\
        provider \"registry.opentofu.org/a/b\" {\n  version = \"1.0.0\"\n  more { version = \"9\" }\n}\nother \"x\" { version = \"2\" }\n";

    #[test]
    fn providers_and_nothing_else() {
        let found = trial::packages(&TerraformLock, "app/.terraform.lock.hcl", LOCK);
        let want = ["registry.terraform.io/hashicorp/aws 5.72.1", "registry.opentofu.org/a/b 1.0.0"];
        assert_eq!(trial::ids(&found), want);
        assert_eq!(found[0].details["constraints"], "> 5.72.0");
    }

    #[test]
    fn says_what_makes_no_sense() {
        let path = ".terraform.lock.hcl";
        for text in
            ["provider {", "provider \"a\" {", "}", "provider \"a", "provider", "provider \"a\" \"b\" {}"]
        {
            trial::try_read(&TerraformLock, path, text).unwrap_err();
        }
        let reading = trial::read(&TerraformLock, path, "provider \"a\" {}");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
        assert!(trial::packages(&TerraformLock, path, "").is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&TerraformLock, ".terraform.lock.hcl", LOCK);
        trial::keeps_to_the_limit(&TerraformLock, ".terraform.lock.hcl", LOCK);
    }
}
