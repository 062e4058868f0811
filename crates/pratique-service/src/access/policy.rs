//! A policy that has been read.

use super::{arn::ArnPattern, condition::Condition, principal::PrincipalList};

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// A repository: every statement is about it, and names no resource.
    Repository,
    /// The registry: statements name resources.
    Registry,
}

impl PolicyKind {
    /// How ECR calls a policy of this kind that it refuses.
    pub(super) fn refusal(self) -> &'static str {
        match self {
            Self::Repository => "Invalid repository policy provided",
            Self::Registry => "Invalid registry policy provided",
        }
    }
}

/// Statements about who may do what.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) statements: Vec<Statement>,
}

/// What a statement does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
}

#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principal: Either<PrincipalList>,
    pub(super) action: Either<Vec<String>>,
    /// In a repository's policy, none.
    pub(super) resource: Option<Either<Vec<ArnPattern>>>,
    pub(super) conditions: Vec<Condition>,
}

/// An element, or its opposite: `Action` and `NotAction`.
#[derive(Debug, Clone)]
pub(super) enum Either<T> {
    Of(T),
    Not(T),
}
