//! Who asks, and whom a statement names.

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A user, a session of a role, or an account's root user.
    Aws {
        /// Its ARN: `arn:aws:iam::123456789012:user/alice`, `arn:aws:sts::123456789012:assumed-role/build/ci`.
        arn: String,
        /// Its account.
        account: String,
        /// For a session, the role's ARN. It cannot be told from the session's, which leaves the role's path out.
        role: Option<String>,
    },
    /// A service on its own behalf: `codebuild.amazonaws.com`.
    Service(String),
    /// Nobody known.
    Anonymous,
}

/// By which name a statement reaches a caller, the widest first.
///
/// An allowance through the account only says that the account may hand it on: the caller needs it among its own
/// rights too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// Everybody: `*`.
    Everyone,
    /// The caller's account.
    Account,
    /// The caller itself, its role, or its service.
    Caller,
}

/// Whom a statement names.
#[derive(Debug, Clone, Default)]
pub(super) struct PrincipalList {
    everyone: bool,
    accounts: Vec<String>,
    arns: Vec<String>,
    services: Vec<String>,
}

impl PrincipalList {
    pub(super) fn everyone() -> Self {
        Self { everyone: true, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.everyone && self.accounts.is_empty() && self.arns.is_empty() && self.services.is_empty()
    }

    /// Takes in a name of the kind `AWS`.
    pub(super) fn add_aws(&mut self, name: &str) -> Result<(), String> {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if name == "*" {
            self.everyone = true;
            return Ok(());
        }
        if is_account(name) {
            self.accounts.push(name.to_owned());
            return Ok(());
        }
        let parts: Vec<_> = name.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(unknown(name));
        };
        let is_known = *arn == "arn"
            && !partition.is_empty()
            && matches!(*service, "iam" | "sts")
            && region.is_empty()
            && is_account(account)
            && !resource.is_empty();
        if !is_known {
            return Err(unknown(name));
        }
        if name.contains(['*', '?']) {
            return Err(format!(
                "{name:?} has a wildcard, and a principal can have none; name the account and add a condition on \
                 aws:PrincipalArn"
            ));
        }
        if *service == "iam" && *resource == "root" {
            self.accounts.push((*account).to_owned());
        } else {
            self.arns.push(name.to_owned());
        }
        Ok(())
    }

    /// Takes in a name of the kind `Service`.
    pub(super) fn add_service(&mut self, name: &str) -> Result<(), String> {
        if name.contains('*') || !name.contains('.') {
            return Err(format!("{name:?} is no service; write one like codebuild.amazonaws.com"));
        }
        self.services.push(name.to_owned());
        Ok(())
    }

    /// By which name the list reaches the caller, the nearest if there are several.
    pub(super) fn reaches(&self, caller: &Caller) -> Option<Through> {
        if self.names(caller) {
            return Some(Through::Caller);
        }
        let of_account = matches!(caller, Caller::Aws { account, .. } if self.accounts.contains(account));
        match (of_account, self.everyone) {
            (true, _) => Some(Through::Account),
            (false, true) => Some(Through::Everyone),
            (false, false) => None,
        }
    }

    /// Whether a statement with this list as its `NotPrincipal` leaves the caller out.
    ///
    /// An account in the list spares its root user alone: IAM wants it beside the user that is meant, and means
    /// nobody else by it (user guide, "NotPrincipal with Deny").
    pub(super) fn spares(&self, caller: &Caller) -> bool {
        let is_root = |arn: &str| arn.ends_with(":root");
        self.everyone
            || self.names(caller)
            || matches!(caller, Caller::Aws { arn, account, .. } if is_root(arn) && self.accounts.contains(account))
    }

    fn names(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Aws { arn, role, .. } => {
                self.arns.contains(arn) || role.as_ref().is_some_and(|role| self.arns.contains(role))
            }
            Caller::Service(name) => self.services.contains(name),
            Caller::Anonymous => false,
        }
    }
}

fn unknown(name: &str) -> String {
    format!(
        "{name:?} is no principal; write *, an account's 12 digits, or the ARN of a user, a role or a session, like \
         arn:aws:iam::123456789012:role/build"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> PrincipalList {
        let mut list = PrincipalList::default();
        for name in names {
            list.add_aws(name).unwrap();
        }
        list
    }

    fn session() -> Caller {
        Caller::Aws {
            arn: "arn:aws:sts::123456789012:assumed-role/build/ci".into(),
            account: "123456789012".into(),
            role: Some("arn:aws:iam::123456789012:role/teams/build".into()),
        }
    }

    #[test]
    fn a_caller_is_reached_by_the_nearest_name() {
        for (names, want) in [
            (&["*"][..], Some(Through::Everyone)),
            (&["123456789012"], Some(Through::Account)),
            (&["*", "arn:aws:iam::123456789012:root"], Some(Through::Account)),
            (&["arn:aws:iam::123456789012:role/teams/build", "*"], Some(Through::Caller)),
            (&["arn:aws:sts::123456789012:assumed-role/build/ci"], Some(Through::Caller)),
            (&["arn:aws:iam::123456789012:role/build", "999999999999"], None),
        ] {
            assert_eq!(list(names).reaches(&session()), want, "{names:?}");
        }
        let mut services = PrincipalList::default();
        services.add_service("codebuild.amazonaws.com").unwrap();
        assert_eq!(
            services.reaches(&Caller::Service("codebuild.amazonaws.com".into())),
            Some(Through::Caller)
        );
        assert_eq!(services.reaches(&Caller::Anonymous), None);
        assert_eq!(list(&["*"]).reaches(&Caller::Anonymous), Some(Through::Everyone));
    }

    #[test]
    fn an_account_that_is_left_out_leaves_out_its_root_alone() {
        let bob = list(&["arn:aws:iam::123456789012:user/Bob", "arn:aws:iam::123456789012:root"]);
        let user = |name: &str| Caller::Aws {
            arn: format!("arn:aws:iam::123456789012:{name}"),
            account: "123456789012".into(),
            role: None,
        };
        assert!(bob.spares(&user("user/Bob")) && bob.spares(&user("root")));
        assert!(!bob.spares(&user("user/Alice")) && !bob.spares(&Caller::Anonymous));
    }

    #[test]
    fn refuses_what_names_nobody() {
        let mut list = PrincipalList::default();
        for bad in [
            "",
            "alice",
            "12345678901",
            "arn:aws:iam::123456789012:user/*",
            "arn:aws:iam::*:root",
            "arn:aws:s3:::bucket",
            "arn:aws:iam::123456789012:",
            "arn:aws:iam::123456789012",
        ] {
            assert!(list.add_aws(bad).is_err(), "{bad}");
        }
        assert!(list.add_service("*").is_err() && list.add_service("ecr").is_err());
        assert!(list.is_empty());
    }
}
