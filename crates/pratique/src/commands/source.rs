//! Where advisories come from: options that `db import`, `db update` and `scan --db-update` share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use pratique_advisory::{BaseUrl, EPSS_URL, Folder, Input, KEV_URL, OSV_URL, Source};
use pratique_fetch::Client;

/// Where advisories come from.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Advisory sources")]
pub(crate) struct SourceArgs {
    /// EPSS scores: file or URL of the CSV; "none" for none [default: FIRST's, when advisories come by network]
    #[arg(long, value_name = "SOURCE", env = "PRATIQUE_EPSS", hide_short_help = true)]
    epss: Option<String>,
    /// CISA's known exploited vulnerabilities: file or URL of the JSON; "none" for none [default: CISA's, when
    /// advisories come by network]
    #[arg(long, value_name = "SOURCE", env = "PRATIQUE_KEV", hide_short_help = true)]
    kev: Option<String>,
    /// Certificates in PEM to trust beside the system's, for advisory sources
    #[arg(long = "db-ca-file", value_name = "FILE", hide_short_help = true)]
    db_ca_files: Vec<PathBuf>,
}

/// Base URL or folder that `db update` and `scan --db-update` read.
pub(crate) fn default_source() -> String {
    std::env::var("PRATIQUE_DB_SOURCE")
        .ok()
        .filter(|source| !source.is_empty())
        .unwrap_or_else(|| OSV_URL.into())
}

fn is_url(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}

impl SourceArgs {
    fn client(&self) -> anyhow::Result<Client> {
        let mut client = Client::builder();
        for file in &self.db_ca_files {
            client = client.ca_file(file);
        }
        Ok(client.build()?)
    }

    /// The folder or mirror at `source`.
    pub(crate) fn open(&self, source: &str) -> anyhow::Result<Box<dyn Source>> {
        if is_url(source) {
            return Ok(Box::new(BaseUrl::new(self.client()?, source)));
        }
        if !Path::new(source).is_dir() {
            anyhow::bail!(
                "{source:?} is neither a folder nor a URL; a folder in the layout of the OSV export holds \
                 ecosystems.txt and ECOSYSTEM/all.zip"
            );
        }
        Ok(Box::new(Folder::new(source)))
    }

    /// EPSS scores, if there are to be any; `source` is where the advisories come from.
    pub(crate) fn epss(&self, source: &str) -> anyhow::Result<Option<Input>> {
        self.input(self.epss.as_deref(), EPSS_URL, source).context("EPSS scores")
    }

    /// Known exploited vulnerabilities, if there are to be any.
    pub(crate) fn kev(&self, source: &str) -> anyhow::Result<Option<Input>> {
        self.input(self.kev.as_deref(), KEV_URL, source).context("known exploited vulnerabilities")
    }

    fn input(&self, asked: Option<&str>, public: &str, source: &str) -> anyhow::Result<Option<Input>> {
        let place = match asked {
            Some("none") => return Ok(None),
            Some(place) => place,
            // Whoever reads advisories from a folder or a mirror of their own does not expect other calls.
            None if source == OSV_URL => public,
            None => return Ok(None),
        };
        if is_url(place) {
            return Ok(Some(Input::Url(self.client()?, place.to_owned())));
        }
        Ok(Some(Input::File(place.into())))
    }
}
