//! Refused parameters, in the words of Amazon ECR.
//!
//! ECR answers `InvalidParameterException` with one sentence that names the parameter and the constraint, and its
//! clients compare with it. So the sentence is made here, where the constraint is known, and not at the wire.

/// A parameter that does not satisfy a constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'")]
pub struct InvalidParameter {
    /// The parameter as the API calls it.
    pub parameter: &'static str,
    /// What it should satisfy, or how it does not.
    pub constraint: String,
}

impl InvalidParameter {
    /// A refusal.
    pub fn new(parameter: &'static str, constraint: impl Into<String>) -> Self {
        Self { parameter, constraint: constraint.into() }
    }
}
