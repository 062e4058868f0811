//! OCI Distribution 1.1 over HTTP.
