//! Patterns of ARNs: `arn:partition:service:region:account:resource`.
//!
//! Each of the six parts is compared for itself, so a star does not reach over a colon, except in the last part,
//! which may have colons of its own. A pattern with fewer parts is completed with stars (IAM user guide, "IAM JSON
//! policy elements: Resource").

use super::{
    evaluate::Context,
    template::{Syntax, Template},
};

/// Number of an ARN's parts.
const PARTS: usize = 6;

/// A pattern of ARNs.
#[derive(Debug, Clone)]
pub(super) enum ArnPattern {
    /// `*`
    Anything,
    /// One template a part.
    Parts(Vec<Template>),
}

impl ArnPattern {
    pub(super) fn read(text: &str, variables: bool) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Anything);
        }
        let parts = split(text);
        if parts.first() != Some(&"arn")
            || parts.len() < 3
            || parts.iter().take(3).any(|part| part.is_empty())
        {
            return Err(format!(
                "{text:?} is no ARN; write * or arn:partition:service:region:account:resource, like \
                 arn:aws:ecr:*:123456789012:repository/team/*"
            ));
        }
        let syntax = Syntax { wildcards: true, variables };
        let mut parts =
            parts.into_iter().map(|part| Template::read(part, syntax)).collect::<Result<Vec<_>, _>>()?;
        parts.resize_with(PARTS, Template::anything);
        Ok(Self::Parts(parts))
    }

    pub(super) fn fits(&self, arn: &str, context: &Context) -> bool {
        match self {
            Self::Anything => true,
            Self::Parts(templates) => {
                let parts: Vec<_> = arn.splitn(PARTS, ':').collect();
                parts.len() == templates.len()
                    && templates.iter().zip(parts).all(|(template, part)| template.fits(part, context))
            }
        }
    }
}

/// The parts of a pattern: at colons, but not at those inside of a variable.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut inside) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '{' if text.get(..at).is_some_and(|before| before.ends_with('$')) => inside = true,
            '}' => inside = false,
            ':' if !inside && parts.len() + 1 < PARTS => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, arn: &str) -> bool {
        let mut context = Context::default();
        context.set("aws:username", ["alice"]);
        ArnPattern::read(pattern, true).unwrap().fits(arn, &context)
    }

    #[test]
    fn parts_are_compared_each_for_itself() {
        let arn = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";
        for (pattern, want) in [
            ("*", true),
            ("arn:aws:ecr:us-east-1:123456789012:repository/team/app", true),
            ("arn:aws:ecr:*:*:repository/team/*", true),
            ("arn:aws:ecr:us-east-?:123456789012:*", true),
            ("arn:aws:ecr:*", true),
            ("arn:aws:ecr", true),
            ("arn:aws:s3:*", false),
            ("arn:aws:ecr:*:repository/team/app", false),
            ("arn:aws:ecr:*:*:repository/team", false),
            ("arn:aws:ecr:*:*:repository/${aws:username}/*", false),
        ] {
            assert_eq!(fits(pattern, arn), want, "{pattern}");
        }
        assert!(fits("arn:aws:ecr:*:*:repository/${aws:username}/*", "arn:aws:ecr:r:1:repository/alice/x"));
        assert!(
            fits("arn:aws:logs:r:1:log-group:*", "arn:aws:logs:r:1:log-group:a:b"),
            "colons in the last part"
        );
        for bad in ["", "repository/x", "arn", "arn:aws", "arn:aws:", "arn:aws:ecr:r:1:repository/${x"] {
            assert!(ArnPattern::read(bad, true).is_err(), "{bad}");
        }
    }
}
