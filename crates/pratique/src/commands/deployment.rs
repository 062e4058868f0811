//! Which deployment a command is about that works on its data beside a running server, or without one.

use std::{future::Future, path::PathBuf};

use anyhow::Context;
use pratique_service::{Options, Service};

use super::serve::default_data;

/// Where the data are.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DeploymentArgs {
    /// Directory of everything that is kept [default: pratique in the user's data directory]
    #[arg(long, value_name = "DIR", env = "PRATIQUE_DATA")]
    data: Option<PathBuf>,
    /// PostgreSQL in use instead of a file in the data directory: postgres://user@host/name
    #[arg(long, value_name = "URL", env = "PRATIQUE_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl DeploymentArgs {
    /// Opens the deployment, which must be there, runs `work` on it, and closes it.
    pub(crate) fn run<T, F: Future<Output = anyhow::Result<T>>>(
        self,
        work: impl FnOnce(Service) -> F,
    ) -> anyhow::Result<T> {
        let data = self.data.map_or_else(default_data, Ok)?;
        // Opening makes what is missing, and what is made here would be found to be sound.
        let looked_for = if self.database.is_some() { data.join("key") } else { data.join("pratique.db") };
        anyhow::ensure!(
            looked_for.exists(),
            "{} holds no data of a server: {} is not there; name another directory with --data",
            data.display(),
            looked_for.display()
        );
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let service = Service::open(Options { database: self.database, ..Options::new(&data) })
                .await
                .with_context(|| format!("{} could not be opened", data.display()))?;
            let done = work(service.clone()).await;
            service.store().close().await;
            done
        })
    }
}
