//! Who calls.

/// Who sent a request, as its signature proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account: twelve digits.
    pub account: Box<str>,
    /// The user or role: `arn:aws:iam::123456789012:user/admin`.
    pub arn: Box<str>,
    /// The unique id of the user or role: `AIDA…`.
    pub user_id: Box<str>,
}

impl Caller {
    /// A caller.
    pub fn new(account: impl Into<Box<str>>, arn: impl Into<Box<str>>, user_id: impl Into<Box<str>>) -> Self {
        Self { account: account.into(), arn: arn.into(), user_id: user_id.into() }
    }
}
