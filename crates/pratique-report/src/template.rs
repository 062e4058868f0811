//! A template of the user's own: Jinja2, as minijinja has it. `docs/report-formats.md` shows one.
//!
//! The template sees the fields of the JSON report, `packages` included. It runs without files and network (`include` and
//! `import` find nothing), with a limit on its steps, so that a template from a repository can be trusted with a report but
//! not hang a pipeline. A name that ends in `.html` or `.xml` escapes what it prints, `.json` writes values as JSON; a field
//! that is not there is an error, not an empty text.

use std::{io::Write, sync::Arc};

use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

use crate::{
    format::{Context, WriteError},
    model::{PackageRow, Report},
};

/// Most steps of one run: a report of ten thousand findings takes some millions.
const FUEL: u64 = 200_000_000;

/// Largest template, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// A template that was read and understood.
#[derive(Clone)]
pub struct Template {
    name: String,
    environment: Arc<Environment<'static>>,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.name).finish()
    }
}

impl Template {
    /// Reads a template; the end of `name` decides what is escaped.
    ///
    /// # Errors
    /// [`WriteError::Template`], which names the line, when it is none.
    pub fn new(name: &str, source: &str) -> Result<Self, WriteError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|source| WriteError::Template { name: name.to_owned(), source })?;
        Ok(Self { name: name.to_owned(), environment: Arc::new(environment) })
    }
}

/// What a template sees.
#[derive(Serialize)]
struct Seen<'a> {
    #[serde(flatten)]
    report: &'a Report,
    packages: &'a [PackageRow],
}

/// Writes `report` by the template of `context`.
///
/// # Errors
/// When `to` cannot be written, there is no template, or it asks for what the report has not.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let template = context.template.as_ref().ok_or(WriteError::NoTemplate)?;
    let seen = Seen { report, packages: report.packages.as_deref().unwrap_or_default() };
    let failed = |source| WriteError::Template { name: template.name.clone(), source };
    let text = template
        .environment
        .get_template(&template.name)
        .and_then(|loaded| loaded.render(Value::from(Serde(&seen))))
        .map_err(failed)?;
    Ok(to.write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_template_says_where() {
        let error = Template::new("report.txt", "line\n{% for x in %}").unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(cause.contains("report.txt:2"), "{cause}");
    }
}
