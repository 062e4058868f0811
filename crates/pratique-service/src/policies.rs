//! Policies at work: those of repositories and of the registry, kept, and asked for each request.
//!
//! A credential has rights of its own; policies add to them and take from them, as in IAM: what a statement denies is
//! denied, what one allows to the caller by name is allowed, and otherwise the caller's own rights decide. An allowance
//! through the account gives nothing by itself (see [`crate::access::Through`]).
//!
//! Policies are not about those who may do everything everywhere, as they are not about the root of an account: whoever
//! wrote a policy that denies everybody can take it back. Nor are they about strangers: ECR has no anonymous access.
//!
//! Rights of credentials are coarser than the actions of IAM. Of each right one action stands for it ([`asked`]): an
//! allowance of that is what it takes; a denial of any of its actions is enough.

use pratique_store::{Session, credential::Action};

use crate::{
    Caller, Service, ServiceError, Thing,
    access::{self, Context, Decision, Policy, PolicyKind, Request, Through},
    account::{self, AccountSetting},
    repositories::Repository,
};

const REGISTRY_POLICY: &str = "registry-policy";

/// Whether policies say anything of this caller.
pub(crate) fn are_about(caller: &Caller) -> bool {
    !caller.is_admin() && !caller.is_anonymous()
}

/// The actions of IAM that a right comes to; the first stands for it.
fn asked(action: Action) -> &'static [&'static str] {
    match action {
        Action::Pull => &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Action::Push => {
            &["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]
        }
        Action::Delete => &["ecr:BatchDeleteImage"],
        Action::Scan => &["ecr:StartImageScan"],
        // Not ECR's: rights that policies neither give nor take.
        Action::Release | Action::Admin => &[],
    }
}

impl Service {
    /// The ARN of somebody with a credential.
    pub fn arn_of(&self, caller: &Caller) -> String {
        format!("arn:aws:iam::{}:user/{}", self.options().account, caller.name)
    }

    /// Whether `caller` may do `action` in the repository of that name, which may not be there.
    pub(crate) async fn may(
        &self,
        session: &mut Session,
        caller: &Caller,
        action: Action,
        name: &str,
        repository: Option<&Repository>,
    ) -> Result<bool, ServiceError> {
        let own = caller.may(action, name);
        if !are_about(caller) || asked(action).is_empty() {
            return Ok(own);
        }
        let mut policies = Vec::new();
        if let Some(text) = repository.and_then(|repository| repository.policy.as_deref()) {
            policies.push(Policy::parse(text, PolicyKind::Repository)?);
        }
        let registry: Option<String> = session.setting(REGISTRY_POLICY).await?;
        if let Some(text) = registry
            && account::value(session, AccountSetting::RegistryPolicyScope).await? == "V2"
        {
            policies.push(Policy::parse(&text, PolicyKind::Registry)?);
        }
        Ok(self.decide(&policies, caller, action, name).unwrap_or(own))
    }

    /// What policies say, if they say anything.
    fn decide(&self, policies: &[Policy], caller: &Caller, action: Action, name: &str) -> Option<bool> {
        let arn = self.arn_of(caller);
        let account = self.options().account.clone();
        let mut context = Context::default();
        context.set("aws:PrincipalArn", [arn.clone()]);
        context.set("aws:PrincipalAccount", [account.clone()]);
        context.set("aws:username", [caller.name.clone()]);
        let who = access::Caller::Aws { arn, account, role: None };
        let resource = self.repository_arn(name);
        let mut allowed = None;
        for (at, action) in asked(action).iter().enumerate() {
            let request = Request { caller: &who, action, resource: &resource, context: &context };
            for policy in policies {
                match policy.decide(&request) {
                    Decision::Deny(_) => return Some(false),
                    Decision::Allow { through: Through::Caller | Through::Everyone, .. } if at == 0 => {
                        allowed = Some(true);
                    }
                    Decision::Allow { .. } | Decision::NoDecision => {}
                }
            }
        }
        allowed
    }

    /// Sets the policy of a repository.
    ///
    /// # Errors
    /// [`ServiceError::Parameter`] for one that is none, or would keep the caller from changing it again, unless that is
    /// `forced`.
    pub async fn set_repository_policy(
        &self,
        caller: &Caller,
        repository: &str,
        text: &str,
        forced: bool,
    ) -> Result<(), ServiceError> {
        const ACTION: &str = "ecr:SetRepositoryPolicy";
        let policy = Policy::parse(text, PolicyKind::Repository)?;
        if !forced && are_about(caller) {
            let account = self.options().account.clone();
            let who = access::Caller::Aws { arn: self.arn_of(caller), account, role: None };
            let (resource, context) = (self.repository_arn(repository), Context::default());
            let request = Request { caller: &who, action: ACTION, resource: &resource, context: &context };
            if let Decision::Deny(statement) = policy.decide(&request) {
                let sentence = format!(
                    "Statement {} would keep you from setting the policy again; remove it, or say force",
                    statement.index
                );
                return Err(crate::invalid::InvalidParameter::new("PolicyText", sentence).into());
            }
        }
        self.change_repository(caller, repository, ACTION, |repository| {
            repository.policy = Some(text.to_owned());
            Ok(())
        })
        .await
    }

    /// The policy of a repository, as it was set.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn repository_policy(&self, caller: &Caller, repository: &str) -> Result<String, ServiceError> {
        let found = self.repository(caller, repository).await?;
        found.policy.ok_or_else(|| missing(repository))
    }

    /// Removes the policy of a repository, and says what it was.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn delete_repository_policy(
        &self,
        caller: &Caller,
        repository: &str,
    ) -> Result<String, ServiceError> {
        self.change_repository(caller, repository, "ecr:DeleteRepositoryPolicy", |found| {
            found.policy.take().ok_or_else(|| missing(repository))
        })
        .await
    }

    /// Sets the policy of the registry.
    ///
    /// # Errors
    /// [`ServiceError::Parameter`] for one that is none.
    pub async fn put_registry_policy(&self, caller: &Caller, text: &str) -> Result<(), ServiceError> {
        Policy::parse(text, PolicyKind::Registry)?;
        self.put_setting(caller, "ecr:PutRegistryPolicy", REGISTRY_POLICY, &text).await
    }

    /// The policy of the registry, as it was set.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn registry_policy(&self, caller: &Caller) -> Result<String, ServiceError> {
        Self::allow_reading(caller)?;
        self.setting(REGISTRY_POLICY).await?.ok_or_else(none)
    }

    /// Removes the policy of the registry, and says what it was.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn delete_registry_policy(&self, caller: &Caller) -> Result<String, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let mut session = self.store().write().await?;
        let text: String = session.setting(REGISTRY_POLICY).await?.ok_or_else(none)?;
        session.delete_setting(REGISTRY_POLICY).await?;
        let arn = self.repository_arn("*");
        session.audit(&Self::entry(caller, "ecr:DeleteRegistryPolicy", &arn, "allowed", "{}")).await?;
        session.commit().await?;
        Ok(text)
    }
}

fn missing(repository: &str) -> ServiceError {
    ServiceError::Missing { thing: Thing::RepositoryPolicy, of: repository.into() }
}

fn none() -> ServiceError {
    ServiceError::Missing { thing: Thing::RegistryPolicy, of: "the registry".into() }
}

#[cfg(test)]
mod tests {
    use pratique_store::credential::Grant;

    use super::*;
    use crate::{Options, repositories::Settings};

    const NAME: &str = "team/app";

    fn caller(name: &str, actions: &[Action]) -> Caller {
        let grant = Grant { repositories: "team/*".into(), actions: actions.to_vec() };
        Caller { id: format!("AKIA{name}"), name: name.into(), grants: vec![grant] }
    }

    fn statement(effect: &str, principal: &str, action: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{{"AWS":"arn:aws:iam::000000000000:{principal}"}},"Action":"{action}"}}]}}"#
        )
    }

    #[tokio::test]
    async fn policies_give_and_take() {
        let data = tempfile::tempdir().unwrap();
        let service = Service::open(Options::new(data.path())).await.unwrap();
        let admin = Caller::system();
        service.create_repository(&admin, NAME, Settings::default(), [].into()).await.unwrap();
        let (ci, reader) = (caller("ci", &[]), caller("reader", &[Action::Pull]));
        let may = async |caller: &Caller| service.repository(caller, NAME).await.is_ok();
        assert!(!may(&ci).await && may(&reader).await);

        let set = async |text: String| service.set_repository_policy(&admin, NAME, &text, false).await;
        set(statement("Allow", "user/ci", "ecr:BatchGetImage")).await.unwrap();
        assert!(may(&ci).await && may(&reader).await);
        assert!(service.repository_for_push(&ci, NAME).await.is_err(), "to pull is not to push");
        set(statement("Allow", "root", "ecr:*")).await.unwrap();
        assert!(!may(&ci).await, "the account hands nothing on by itself");
        set(statement("Deny", "user/reader", "ecr:GetDownloadUrlForLayer")).await.unwrap();
        assert!(!may(&reader).await && may(&admin).await);
        service.delete_repository_policy(&admin, NAME).await.unwrap();
        assert!(may(&reader).await);

        let registry =
            statement("Deny", "user/reader", "ecr:*").replace("\"Action\"", "\"Resource\":\"*\",\"Action\"");
        service.put_registry_policy(&admin, &registry).await.unwrap();
        assert!(!may(&reader).await);
        let scope = AccountSetting::RegistryPolicyScope;
        service.put_account_setting(&admin, scope, "V1").await.unwrap();
        assert!(may(&reader).await, "V1 is about copies and caches alone");
    }
}
