//! The services that are spoken, one row each.
//!
//! A row repeats of the model only what it takes to tell whose a request is, so that no model has to be read for a request
//! of another service; a test holds the rows against the models.

use std::fmt;
use std::sync::OnceLock;

use crate::model::{Model, ModelError};
use crate::protocol::Protocol;

/// Bodies of most operations are small.
const SMALL: usize = 2 << 20;

/// A service.
pub struct Service {
    /// What operations are registered under: `ecr`.
    pub name: &'static str,
    /// Its name in signatures.
    pub signing_name: &'static str,
    /// What its clients speak, unless they say otherwise.
    pub protocol: Protocol,
    /// What stands before the operation in `X-Amz-Target`. Services of other protocols have one too: it is the name of the
    /// service in its Smithy model.
    pub target_prefix: &'static str,
    /// `Version` of the Query protocol.
    pub version: &'static str,
    /// The exception for input that is not as the model says.
    pub invalid: &'static str,
    /// The exception for what went wrong here.
    pub internal: &'static str,
    /// The most bytes that a body may have.
    pub body_limit: usize,
    source: &'static str,
    model: OnceLock<Result<Model, ModelError>>,
}

/// All services.
static SERVICES: [Service; 3] = [
    Service {
        name: "ecr",
        signing_name: "ecr",
        protocol: Protocol::Json11,
        target_prefix: "AmazonEC2ContainerRegistry_V20150921",
        version: "2015-09-21",
        invalid: "InvalidParameterException",
        internal: "ServerException",
        // A part of a layer: 20 MiB in base64.
        body_limit: 30 << 20,
        source: include_str!("../models/ecr.json"),
        model: OnceLock::new(),
    },
    Service {
        name: "inspector2",
        signing_name: "inspector2",
        protocol: Protocol::RestJson,
        target_prefix: "Inspector2",
        version: "2020-06-08",
        invalid: "ValidationException",
        internal: "InternalServerException",
        body_limit: SMALL,
        source: include_str!("../models/inspector2.json"),
        model: OnceLock::new(),
    },
    Service {
        name: "sts",
        signing_name: "sts",
        protocol: Protocol::Query,
        target_prefix: "AWSSecurityTokenServiceV20110615",
        version: "2011-06-15",
        invalid: "ValidationError",
        internal: "InternalFailure",
        body_limit: SMALL,
        source: include_str!("../models/sts.json"),
        model: OnceLock::new(),
    },
];

impl Service {
    /// All services.
    pub fn all() -> &'static [Self] {
        &SERVICES
    }

    /// A service by its name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.name == name)
    }

    /// Its model, read when it is first asked for.
    ///
    /// # Errors
    /// The embedded model is broken, which a test rules out.
    pub fn model(&self) -> Result<&Model, &ModelError> {
        self.model.get_or_init(|| Model::read(self.source)).as_ref()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.name).finish()
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_those_of_the_models() {
        for service in Service::all() {
            let metadata = &service.model().unwrap().metadata;
            assert_eq!(&*metadata.signing_name, service.signing_name);
            assert_eq!(&*metadata.version, service.version);
            if let Some(prefix) = metadata.target_prefix.as_deref() {
                assert_eq!(prefix, service.target_prefix);
            }
            let protocol = match service.protocol {
                Protocol::Json10 | Protocol::Json11 => "json",
                Protocol::RestJson => "rest-json",
                Protocol::Query => "query",
            };
            assert!(metadata.protocols.iter().any(|known| &**known == protocol), "{metadata:?}");
        }
    }
}
