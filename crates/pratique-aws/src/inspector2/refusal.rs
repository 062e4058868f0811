//! What the service says no to, in Inspector's words.

use pratique_service::{Service as Deployment, ServiceError, findings::suppress::FilterError};

use crate::{ApiError, Context};

/// Input that makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message).with("reason", "OTHER")
}

/// Something that is not there.
pub(super) fn unknown(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

/// An account that is not the deployment's.
pub(super) fn check_account(context: &Context<Deployment>, account: &str) -> Result<(), ApiError> {
    if *account == *context.state.options().account {
        return Ok(());
    }
    Err(ApiError::new(
        "AccessDeniedException",
        format!("Account {account} is not a member of this account, and cannot be looked at from here"),
    ))
}

/// What went wrong, as the client is told.
pub(super) fn told(error: ServiceError) -> ApiError {
    match error {
        error @ (ServiceError::Denied { .. } | ServiceError::Unauthenticated(_)) => {
            ApiError::new("AccessDeniedException", error.to_string())
        }
        error if error.is_ours() => ApiError::internal(error),
        error @ (ServiceError::RepositoryUnknown(_)
        | ServiceError::ManifestUnknown { .. }
        | ServiceError::NotScanned(_)) => unknown(error.to_string()),
        error => invalid(error.to_string()),
    }
}

/// The same of filters. `CreateFilter` has another exception for names that are taken than one would think.
pub(super) fn told_of_filter(error: FilterError) -> ApiError {
    match error {
        FilterError::Service(error) => told(error),
        FilterError::TooMany => ApiError::new("ServiceQuotaExceededException", error.to_string()),
        FilterError::Unknown(_) => unknown(error.to_string()),
        error => ApiError::new("BadRequestException", error.to_string()),
    }
}
