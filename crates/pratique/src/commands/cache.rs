//! `pratique cache`.

use crate::{exit::Exit, settings::CacheArgs, terminal};

/// Look at or clear what is remembered of layers that were read
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique cache status\n  \
    pratique cache clear")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Action,
    #[command(flatten)]
    cache: CacheArgs,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Action {
    /// Say where it lies and how large it is
    #[command(visible_alias = "show")]
    Status,
    /// Remove everything in it
    #[command(visible_alias = "clean")]
    Clear,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cache = args.cache.open()?;
    let (what, size) = match args.command {
        Action::Status => ("holds", cache.size()?),
        Action::Clear => ("held", cache.clear()?),
    };
    let directory = cache.directory().display();
    let mebibytes = size.bytes as f64 / f64::from(1 << 20);
    let layers = if size.layers == 1 { "layer" } else { "layers" };
    terminal::print(|to| {
        writeln!(to, "{directory} {what} the facts of {} {layers} in {mebibytes:.1} MiB", size.layers)
    })?;
    Ok(Exit::Clean)
}
