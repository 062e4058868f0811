//! Values of policies with wildcards and variables in them: `team-${aws:username}/*`.
//!
//! Variables exist in policies of version 2012-10-17: `${key}` is the request's value of that key, `${key, 'else'}`
//! has something for requests without one, and `${*}`, `${?}`, `${$}` are those characters themselves. What a
//! variable brings in is text: a star in a user's name is no wildcard.

use std::borrow::Cow;

use super::evaluate::Context;
use crate::names::wildcard::{self, Piece};

/// A value, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Run,
    One,
    Text(String),
    Variable { key: String, otherwise: Option<String> },
}

/// Which parts there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    pub(super) wildcards: bool,
    pub(super) variables: bool,
}

impl Template {
    /// A template that any text fits.
    pub(super) fn anything() -> Self {
        Self(vec![Part::Run])
    }

    pub(super) fn read(text: &str, syntax: Syntax) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${").filter(|_| syntax.variables) {
            plain(before, syntax, &mut parts);
            let Some((inside, after)) = behind.split_once('}') else {
                return Err(format!(
                    "the variable in {text:?} has no end; close it with }}, or write ${{$}} for $"
                ));
            };
            parts.push(variable(inside)?);
            rest = after;
        }
        plain(rest, syntax, &mut parts);
        Ok(Self(parts))
    }

    /// Whether the text fits. A variable that the request has no value for fits nothing.
    pub(super) fn fits(&self, text: &str, context: &Context) -> bool {
        self.pieces(context).is_some_and(|pieces| wildcard::pieces_fit(&pieces, text))
    }

    /// [`Self::fits`] without regard to case.
    pub(super) fn fits_ignoring_case(&self, text: &str, context: &Context) -> bool {
        let Some(mut pieces) = self.pieces(context) else { return false };
        for piece in &mut pieces {
            if let Piece::Text(text) = piece {
                *text = Cow::Owned(text.to_lowercase());
            }
        }
        wildcard::pieces_fit(&pieces, &text.to_lowercase())
    }

    fn pieces<'a>(&'a self, context: &'a Context) -> Option<Vec<Piece<'a>>> {
        let piece = |part: &'a Part| match part {
            Part::Run => Some(Piece::Run),
            Part::One => Some(Piece::One),
            Part::Text(text) => Some(Piece::Text(Cow::Borrowed(text))),
            Part::Variable { key, otherwise } => {
                let value = context.single(key).or(otherwise.as_deref())?;
                Some(Piece::Text(Cow::Borrowed(value)))
            }
        };
        self.0.iter().map(piece).collect()
    }
}

fn plain(text: &str, syntax: Syntax, parts: &mut Vec<Part>) {
    if !syntax.wildcards {
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        return;
    }
    parts.extend(wildcard::split(text, true).into_iter().map(|piece| match piece {
        Piece::Run => Part::Run,
        Piece::One => Part::One,
        Piece::Text(text) => Part::Text(text.into_owned()),
    }));
}

fn variable(inside: &str) -> Result<Part, String> {
    if matches!(inside, "*" | "?" | "$") {
        return Ok(Part::Text(inside.to_owned()));
    }
    let (key, otherwise) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            let quoted = quoted.ok_or_else(|| {
                format!("the default in ${{{inside}}} has to stand in single quotes: ${{key, 'default'}}")
            })?;
            (key, Some(quoted.to_owned()))
        }
    };
    let key = key.trim();
    if !key.contains(':') || key.contains(['$', '{', ' ']) {
        return Err(format!(
            "${{{inside}}} is no variable; variables are keys of the request: ${{aws:username}}"
        ));
    }
    Ok(Part::Variable { key: key.to_lowercase(), otherwise })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Syntax = Syntax { wildcards: true, variables: true };

    fn fits(template: &str, text: &str) -> bool {
        let mut context = Context::default();
        context.set("aws:username", ["al*"]);
        Template::read(template, ALL).unwrap().fits(text, &context)
    }

    #[test]
    fn variables_are_text_and_stars_are_not() {
        assert!(fits("home/${aws:UserName}/*", "home/al*/x"));
        assert!(!fits("home/${aws:username}/*", "home/alice/x"), "a star out of a variable is a star");
        assert!(!fits("${aws:nothing}*", "x"), "no value");
        assert!(fits("${aws:nothing, 'team'}*", "team1"));
        assert!(fits("${*}${?}${$}", "*?$") && !fits("${*}", "x"));
        assert!(fits("a$b{?}", "a$b{c}"), "neither sign alone is a variable");
    }

    #[test]
    fn broken_variables_are_refused() {
        for broken in ["${aws:username", "${}", "${username}", "${aws:x, y}", "${aws:${aws:x}}"] {
            assert!(Template::read(broken, ALL).is_err(), "{broken}");
        }
        let literal = Template::read("${aws:username", Syntax { variables: false, ..ALL }).unwrap();
        assert!(literal.fits("${aws:username", &Context::default()), "version 2008-10-17 has no variables");
    }
}
