//! The wire protocols of the AWS services.
