//! `pratique completion`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{exit::Exit, terminal};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique completion bash > /etc/bash_completion.d/pratique\n  \
    pratique completion zsh > \"${fpath[1]}/_pratique\"\n  \
    pratique completion fish > ~/.config/fish/completions/pratique.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "pratique", &mut script);
    terminal::print(|to| to.write_all(&script))?;
    Ok(Exit::Clean)
}
