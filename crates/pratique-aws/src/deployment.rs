//! A deployment behind the surface: its credentials sign, its operations are called.

use std::sync::Arc;

use pratique_service::{Caller as Person, Service as Deployment};

use crate::{
    ApiError, Caller, Context, Identity, Operations, Surface, SurfaceError, ecr,
    error::Common,
    inspector2,
    sigv4::{CredentialSource, Found, Lookup, LookupError, Secret},
    sts,
};

/// The AWS services of a deployment.
///
/// # Errors
/// There are operations that the models do not know: a mistake in the table of operations.
pub fn surface(deployment: Deployment) -> Result<Surface<Deployment>, SurfaceError> {
    let options = deployment.options();
    let identity =
        Identity { account: options.account.as_str().into(), region: options.region.as_str().into() };
    let credentials = Arc::new(Credentials(deployment.clone()));
    Surface::new(operations(), Arc::new(deployment), credentials, identity)
}

/// All operations.
fn operations() -> Operations<Deployment> {
    sts::operations().with(ecr::operations()).with(inspector2::operations())
}

struct Credentials(Deployment);

impl CredentialSource for Credentials {
    fn secret<'a>(&'a self, access_key_id: &'a str, _session_token: Option<&'a str>) -> Lookup<'a> {
        Box::pin(async move {
            let found = self.0.secret_of(access_key_id).await;
            let found = found.map_err(|error| LookupError::Unavailable(error.to_string()))?;
            let (secret, person) = found.ok_or(LookupError::Unknown)?;
            let secret = String::from_utf8(secret).map_err(|_| LookupError::Unknown)?;
            let account = &self.0.options().account;
            let arn = format!("arn:aws:iam::{account}:user/{}", person.name);
            let caller = Caller::new(account.as_str(), arn, person.id);
            Ok(Found { secret: Secret::new(secret), caller })
        })
    }
}

/// Who calls, as the service knows them.
///
/// # Errors
/// Nobody, or somebody whose credential ended this moment.
pub(crate) async fn person(context: &Context<Deployment>) -> Result<Person, ApiError> {
    let missing = || ApiError::common(Common::MissingToken, "Missing Authentication Token");
    let id = context.access_key_id.as_deref().ok_or_else(missing)?;
    let found = context.state.secret_of(id).await.map_err(ApiError::internal)?;
    found.map(|(_, person)| person).ok_or_else(missing)
}
