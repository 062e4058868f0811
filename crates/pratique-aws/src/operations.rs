//! The table of operations: which async function does what.
//!
//! ```
//! # use pratique_aws::{ApiError, Context, Operations};
//! # use serde::{Deserialize, Serialize};
//! # struct Registry;
//! #[derive(Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct DeleteRepositoryPolicyRequest {
//!     repository_name: String,
//! }
//!
//! #[derive(Serialize)]
//! #[serde(rename_all = "camelCase")]
//! struct DeleteRepositoryPolicyResponse {
//!     repository_name: String,
//! }
//!
//! async fn delete_repository_policy(
//!     context: &Context<Registry>,
//!     input: DeleteRepositoryPolicyRequest,
//! ) -> Result<DeleteRepositoryPolicyResponse, ApiError> {
//!     Ok(DeleteRepositoryPolicyResponse { repository_name: input.repository_name })
//! }
//!
//! let operations = Operations::new().add("ecr", "DeleteRepositoryPolicy", delete_repository_policy);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Caller;
use crate::error::{ApiError, Common};

/// A future that can be kept in a table.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an operation knows of its call besides the input.
#[derive(Debug)]
pub struct Context<S> {
    /// What operations work on.
    pub state: Arc<S>,
    /// Who calls; nobody where an operation is called without signature.
    pub caller: Option<Caller>,
    /// The access key that signed.
    pub access_key_id: Option<Box<str>>,
    /// The region that is served.
    pub region: Arc<str>,
    /// The account that is served.
    pub account: Arc<str>,
    /// The id of this call, in the answer and in the log.
    pub request_id: Box<str>,
    /// What the model calls the operation.
    pub operation: &'static str,
    /// The host that the client speaks to, with its port, as it says itself.
    pub host: Box<str>,
    /// Whether the client speaks TLS, to us or to somebody before us.
    pub is_tls: bool,
}

impl<S> Context<S> {
    /// Who calls.
    ///
    /// # Errors
    /// Nobody: only of operations that are called without signature.
    pub fn caller(&self) -> Result<&Caller, ApiError> {
        self.caller
            .as_ref()
            .ok_or_else(|| ApiError::common(Common::MissingToken, "Missing Authentication Token"))
    }
}

/// An async function that does an operation. (Not written by hand: functions of the right form are handlers. The lifetime lets
/// them borrow the context across their awaits.)
pub trait Handler<'a, S: 'a, I, O>: Send + Sync {
    /// What it returns.
    type Future: Future<Output = Result<O, ApiError>> + Send + 'a;

    /// Calls it.
    fn call(&self, context: &'a Context<S>, input: I) -> Self::Future;
}

impl<'a, S: 'a, I, O, F, Fut> Handler<'a, S, I, O> for F
where
    F: Fn(&'a Context<S>, I) -> Fut + Send + Sync,
    Fut: Future<Output = Result<O, ApiError>> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, context: &'a Context<S>, input: I) -> Fut {
        self(context, input)
    }
}

/// A handler whose types are forgotten.
type Erased<S> = dyn for<'a> Fn(&'a Context<S>, Value) -> Pending<'a, Result<Value, ApiError>> + Send + Sync;

/// The operations there are. Operations of the models that are not here answer as unknown ones do.
pub struct Operations<S> {
    /// By service and name.
    table: BTreeMap<&'static str, BTreeMap<&'static str, Box<Erased<S>>>>,
}

impl<S: Send + Sync + 'static> Operations<S> {
    /// None yet.
    pub fn new() -> Self {
        Self { table: BTreeMap::new() }
    }

    /// Adds an operation of a service. The names are those of the model; [`Surface::new`](crate::Surface::new) refuses others.
    #[must_use]
    pub fn add<I, O, H>(mut self, service: &'static str, name: &'static str, handler: H) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + 'static,
        H: for<'a> Handler<'a, S, I, O> + 'static,
    {
        let handler = Arc::new(handler);
        let erased: Box<Erased<S>> = Box::new(move |context, input| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let input = typed(input)?;
                let output = handler.call(context, input).await?;
                serde_json::to_value(output).map_err(|error| {
                    ApiError::internal(format_args!("the output of {service}:{name} is no JSON: {error}"))
                })
            })
        });
        self.table.entry(service).or_default().insert(name, erased);
        self
    }

    /// Adds the operations of another table.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        for (service, operations) in others.table {
            self.table.entry(service).or_default().extend(operations);
        }
        self
    }

    /// Whether an operation is there.
    pub fn has(&self, service: &str, name: &str) -> bool {
        self.find(service, name).is_some()
    }

    /// The services and names of all operations.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.table.iter().flat_map(|(service, operations)| operations.keys().map(|name| (*service, *name)))
    }

    pub(crate) fn find(&self, service: &str, name: &str) -> Option<&Erased<S>> {
        self.table.get(service)?.get(name).map(|operation| &**operation)
    }
}

impl<S: Send + Sync + 'static> Default for Operations<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Operations<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.table.iter().map(|(service, operations)| (service, operations.keys())))
            .finish()
    }
}

/// Input in the types of an operation. The model has been checked; what is left are types that are narrower than the model's.
fn typed<I: DeserializeOwned>(input: Value) -> Result<I, ApiError> {
    serde_path_to_error::deserialize(input).map_err(|error| {
        ApiError::common(Common::Malformed, format!("'{}': {}", error.path(), error.inner()))
    })
}
