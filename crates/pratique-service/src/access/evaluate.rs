//! Policy × request → decision.

use std::collections::HashMap;

use super::{
    policy::{Effect, Either, Policy, Statement},
    principal::{Caller, Through},
};
use crate::names::wildcard;

/// What is known of a request beside caller, action and resource: `aws:SourceIp`, `aws:PrincipalArn`, … Keys are
/// not told apart by case.
#[derive(Debug, Clone, Default)]
pub struct Context(HashMap<String, Vec<String>>);

impl Context {
    /// Sets the values of a key. One without values is as good as absent.
    pub fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        self.0.insert(key.to_lowercase(), values.into_iter().map(Into::into).collect());
    }

    /// The values of a key in lower case; none where it is absent.
    pub(super) fn values(&self, key: &str) -> &[String] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a key in lower case that has exactly one.
    pub(super) fn single(&self, key: &str) -> Option<&str> {
        match self.values(key) {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// A request to decide about.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// For what: `ecr:BatchGetImage`.
    pub action: &'a str,
    /// Of what: `arn:aws:ecr:us-east-1:123456789012:repository/team/app`.
    pub resource: &'a str,
    /// What else is known.
    pub context: &'a Context,
}

/// Which statement decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRef {
    /// Its place in the policy, from 0.
    pub index: usize,
    /// Its name, if it has one.
    pub sid: Option<String>,
}

/// What a policy says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This statement denies it.
    Deny(StatementRef),
    /// This statement allows it, and nothing denies it.
    Allow {
        /// The statement: the first of those that reach the caller most nearly.
        statement: StatementRef,
        /// By which name it reaches the caller.
        through: Through,
    },
    /// No statement applies.
    NoDecision,
}

impl Policy {
    /// What the policy says to a request. An allowance is told by the statement that reaches the caller most nearly,
    /// so that one through the account does not hide a better one.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let applying = self.statements.iter().enumerate().filter_map(|(index, statement)| {
            let through = statement.applies(request)?;
            Some((StatementRef { index, sid: statement.sid.clone() }, statement.effect, through))
        });
        let mut allowed: Option<(StatementRef, Through)> = None;
        for (statement, effect, through) in applying {
            match effect {
                Effect::Deny => return Decision::Deny(statement),
                Effect::Allow if allowed.as_ref().is_none_or(|(_, nearest)| through > *nearest) => {
                    allowed = Some((statement, through));
                }
                Effect::Allow => {}
            }
        }
        allowed.map_or(Decision::NoDecision, |(statement, through)| Decision::Allow { statement, through })
    }
}

impl Statement {
    /// By which name it reaches the caller, if it is about the request at all.
    fn applies(&self, request: &Request<'_>) -> Option<Through> {
        let through = match &self.principal {
            Either::Of(list) => list.reaches(request.caller)?,
            Either::Not(list) if list.spares(request.caller) => return None,
            Either::Not(_) => Through::Everyone,
        };
        let wanted = request.action.to_lowercase();
        let named =
            |actions: &[String]| actions.iter().any(|action| wildcard::fits_with_one(action, &wanted));
        let is_action = match &self.action {
            Either::Of(actions) => named(actions),
            Either::Not(actions) => !named(actions),
        };
        let is_resource = match &self.resource {
            None => true,
            Some(Either::Of(arns)) => arns.iter().any(|arn| arn.fits(request.resource, request.context)),
            Some(Either::Not(arns)) => !arns.iter().any(|arn| arn.fits(request.resource, request.context)),
        };
        let holds = || self.conditions.iter().all(|condition| condition.holds(request.context));
        (is_action && is_resource && holds()).then_some(through)
    }
}
