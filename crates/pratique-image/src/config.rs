//! The image configuration: how the image runs, how it was built, and what its layers expand to.
//!
//! OCI image specification, *Image Configuration*; Docker, *Image Specification v1.2*. Everything is optional but the
//! diff ids, because images in the wild leave out everything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::manifest::{RawPlatform, null_is_default};

/// An image's configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct ImageConfig {
    /// Operating system.
    #[serde(default, deserialize_with = "null_is_default")]
    pub os: String,
    /// Architecture.
    #[serde(default, deserialize_with = "null_is_default")]
    pub architecture: String,
    /// Variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Version of the operating system (Windows).
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// How it runs.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: RuntimeConfig,
    /// What its layers expand to.
    #[serde(default, deserialize_with = "null_is_default")]
    pub rootfs: RootFs,
    /// How it was built, oldest step first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub history: Vec<HistoryEntry>,
}

/// What a container of the image runs with when nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuntimeConfig {
    /// `user[:group]`, names or numbers; empty is root.
    #[serde(default, deserialize_with = "null_is_default")]
    pub user: String,
    /// `NAME=value`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub env: Vec<String>,
    /// The program.
    #[serde(default, deserialize_with = "null_is_default")]
    pub entrypoint: Vec<String>,
    /// The program's arguments, or the program.
    #[serde(default, deserialize_with = "null_is_default")]
    pub cmd: Vec<String>,
    /// Where it starts.
    #[serde(default, deserialize_with = "null_is_default")]
    pub working_dir: String,
    /// `port/protocol` → nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    /// Path → nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    /// Labels.
    #[serde(default, deserialize_with = "null_is_default")]
    pub labels: BTreeMap<String, String>,
    /// Which signal stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// How its health is asked for (Docker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// What `RUN` runs in (Docker).
    #[serde(default, deserialize_with = "null_is_default")]
    pub shell: Vec<String>,
    /// Build steps left for images made from this one (Docker).
    #[serde(default, deserialize_with = "null_is_default")]
    pub on_build: Vec<String>,
}

/// Docker's `HEALTHCHECK`; durations in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `NONE`, or `CMD …`, or `CMD-SHELL …`; empty is "as the base image".
    #[serde(default, deserialize_with = "null_is_default")]
    pub test: Vec<String>,
    /// Time between two checks.
    #[serde(default)]
    pub interval: Option<i64>,
    /// How long a check may take.
    #[serde(default)]
    pub timeout: Option<i64>,
    /// How long failing is fine after the start.
    #[serde(default)]
    pub start_period: Option<i64>,
    /// How many failures in a row make it unhealthy.
    #[serde(default)]
    pub retries: Option<i64>,
}

/// The layers' content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct RootFs {
    /// Digests of the layers' uncompressed archives, lowest first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub diff_ids: Vec<Digest>,
}

/// One step of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct HistoryEntry {
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A comment; buildkit's steps say `buildkit.dockerfile.v0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

impl ImageConfig {
    /// The platform as stated.
    pub(crate) fn raw_platform(&self) -> RawPlatform {
        RawPlatform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
        }
    }

    /// The build steps that made the layers, lowest first.
    ///
    /// Nothing forces a history to fit its layers; where the numbers differ there is no telling which step made
    /// which layer, so then there is none for any.
    pub(crate) fn layer_history(&self, layers: usize) -> Vec<Option<HistoryEntry>> {
        let made: Vec<_> = self.history.iter().filter(|step| !step.empty_layer).collect();
        if made.len() == layers { made.into_iter().cloned().map(Some).collect() } else { vec![None; layers] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_leniently() {
        let config: ImageConfig = serde_json::from_str(
            r#"{"architecture":"amd64","os":"linux","config":{"Env":null,"Labels":null,"ExposedPorts":{"80/tcp":{}},
            "Healthcheck":{"Test":["CMD","true"],"Interval":1000}},"rootfs":{"type":"layers","diff_ids":null},
            "history":[{"created_by":"a","empty_layer":true},{"created_by":"b"}],"container":"x"}"#,
        )
        .unwrap();
        assert_eq!(config.config.exposed_ports.len(), 1);
        assert_eq!(config.config.healthcheck.as_ref().unwrap().interval, Some(1000));
        assert_eq!(config.layer_history(1)[0].as_ref().unwrap().created_by.as_deref(), Some("b"));
        assert_eq!(config.layer_history(2), [None, None]);
        assert_eq!(serde_json::from_str::<ImageConfig>("{}").unwrap(), ImageConfig::default());
    }
}
