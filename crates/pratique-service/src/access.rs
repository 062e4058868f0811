//! Access policies: who may do what, as IAM writes it.
//!
//! Repositories and the registry have a policy each in IAM's JSON. [`Policy::parse`] reads and checks one,
//! [`Policy::decide`] answers a request: denied or allowed by a statement, or not decided. The rules are those of
//! the IAM user guide ("IAM JSON policy element reference", "Policy evaluation logic"):
//!
//! - A `Deny` that applies wins over every `Allow`, in whatever order they stand.
//! - A statement applies where its principal, action, resource and every condition fit.
//! - No decision is not an allowance. What then decides (the caller's own rights, say) is the asker's affair.
//!
//! Traps: actions, and keys of conditions, are compared without regard to case, all else with it. A condition on a
//! key that the request does not have is false, except that negated operators (`StringNotEquals`), `…IfExists` and
//! `ForAllValues:` are true. Naming an account as principal means everybody in it, but gives them no more than their
//! own rights: see [`Through`].
//!
//! These documents decide about access, so nothing in them is passed over: unknown elements, keys that appear twice,
//! `null`, values that do not parse and operators that are not known are all refused when the policy is set.

mod arn;
mod condition;
mod evaluate;
mod policy;
mod principal;
mod read;
mod template;

pub use self::{
    evaluate::{Context, Decision, Request, StatementRef},
    policy::{Effect, Policy, PolicyKind},
    principal::{Caller, Through},
};
