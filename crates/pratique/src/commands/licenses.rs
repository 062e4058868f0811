//! `pratique licenses`.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use pratique_check::licence::{Policy, licences};
use pratique_inventory::licence::LicenceTexts;
use pratique_report::checks::LicenceReport;

use crate::{
    exit::{Exit, WrongUsage},
    input,
    output::FileArgs,
    settings::{TargetArgs, within},
    terminal::{self, Content},
};

/// Largest policy, in bytes.
const MAX_POLICY: u64 = 1 << 20;

/// List the licences of what is in an image, and hold them to a policy
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique licenses alpine:3.20\n  \
    pratique licenses --deny network-copyleft,proprietary registry.example.com/app:1.4\n  \
    pratique licenses --license-policy licences.toml --format json oci:layout\n\n\
    Categories: public-domain, permissive, weak-copyleft, strong-copyleft, network-copyleft, proprietary, unknown")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Format of the list
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    output: FileArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Only the list, and errors
    #[arg(short, long)]
    quiet: bool,
}

/// What may be there.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Policy")]
pub(crate) struct PolicyArgs {
    /// TOML file with the lists allow, deny and ignore; fails with exit code 1 when it is broken
    #[arg(long, value_name = "FILE")]
    license_policy: Option<PathBuf>,
    /// Categories and SPDX identifiers that may be there
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    allow: Vec<String>,
    /// Categories and SPDX identifiers that may not be there
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    deny: Vec<String>,
}

impl PolicyArgs {
    fn policy(&self) -> anyhow::Result<Policy> {
        let mut policy = match &self.license_policy {
            Some(path) => {
                let text = input::text(path, MAX_POLICY).context("the licence policy")?;
                Policy::parse(&text).with_context(|| format!("{} cannot be used", path.display()))?
            }
            None => Policy::default(),
        };
        policy.allow.extend(self.allow.iter().cloned());
        policy.deny.extend(self.deny.iter().cloned());
        let given = !self.allow.is_empty() || !self.deny.is_empty();
        policy.checked().map_err(|bad| if given { WrongUsage(bad.to_string()).into() } else { bad.into() })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// The schema documented in docs/report-json.md
    Json,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, format, output, policy, quiet } = args;
    output.check()?;
    let policy = policy.policy()?;
    let scope = target.scope();
    let taken = within(target.how.timeout, move || target.take_with(quiet, &[&LicenceTexts]))?;
    let report = LicenceReport::new(taken.target, &licences(&taken.inventory, scope), &policy);
    let content = if format == Format::Table { Content::Styled } else { Content::Document };
    output.show(content, |width, to| match format {
        Format::Table => report.write_table(width, to),
        Format::Json => report.write_json(to),
    })?;
    for row in &report.packages {
        if let Some(why) = &row.violation {
            terminal::warn(quiet, &format!("not allowed: {} {}: {why}", row.name, row.version));
        }
    }
    Ok(if report.violations > 0 { Exit::Gate(1) } else { Exit::Clean })
}
