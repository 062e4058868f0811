//! `pratique explain`.

use anstyle::Style;
use pratique_advisory::FeedId;
use pratique_match::{Explanation, Verdict};
use pratique_report::layout::printable;

use crate::{
    exit::Exit,
    settings::{DatabaseArgs, TargetArgs, within},
    terminal,
};

/// Tell which record, range and comparison made or unmade a match
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique explain alpine:3.14 CVE-2022-28391\n  \
    pratique explain dir:app GHSA-35jh-r3h4-6jhm\n\n\
    Exit code: 0 also when no package that is here is affected; 3 when no record of the database bears the\n\
    name, because that answers nothing.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// The vulnerability or advisory: CVE-…, GHSA-…, DSA-…
    id: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let id = args.id.clone();
    let database = args.database.open()?;
    let (target, wanted) = (args.target.clone(), id.clone());
    let scope = args.target.how.scope();
    let (inventory, found, known, gaps) = within(args.target.how.timeout, move || {
        let known = database.mentions(&wanted)?.len();
        if known == 0 {
            anyhow::bail!(
                "no record of the advisory database bears the name {wanted:?}; names are written in full (CVE-2022-28391, \
                 GHSA-35jh-r3h4-6jhm), and pratique db status tells how old the database is"
            );
        }
        let inventory = target.take(false)?.inventory;
        let found = pratique_match::explain(&inventory, &database, &wanted)?;
        // Where nothing matches, what could not have matched is part of the answer.
        let gaps = if found.is_empty() {
            pratique_match::find(&inventory, scope, &database)?.gaps
        } else {
            Vec::new()
        };
        Ok((inventory, found, known, gaps))
    })?;
    terminal::print(|to| {
        if found.is_empty() {
            let why = match known {
                1 => "1 record speaks of it, but of no package that is here".to_owned(),
                n => format!("{n} records speak of it, but of no package that is here"),
            };
            writeln!(to, "{id}: {why}")?;
            let unread = inventory.problems.iter().filter(|(_, problem)| problem.lost).count();
            for gap in &gaps {
                writeln!(to, "  not matched  {}", printable(gap))?;
            }
            if unread > 0 {
                writeln!(to, "  not read     {unread} files (pratique packages tells which)")?;
            }
            return Ok(());
        }
        for explanation in &found {
            if let Some(package) = inventory.packages.get(explanation.package) {
                write_one(package, explanation, to)?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// The record, and its feed where that is not OSV.
fn said_by(explanation: &Explanation) -> String {
    match explanation.feed {
        FeedId::Osv => explanation.record.clone(),
        feed => format!("{} ({feed})", explanation.record),
    }
}

fn write_one(
    package: &pratique_inventory::Package,
    explanation: &Explanation,
    to: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let (word, reason) = match &explanation.verdict {
        Verdict::Affected { reason, fixed } => {
            let fix = fixed.as_ref().map(|fix| format!("; {fix} fixes it")).unwrap_or_default();
            ("affected", format!("{reason}{fix}"))
        }
        Verdict::Fixed { by } => {
            ("fixed", format!("{by} fixed it, and {} is not older", explanation.version))
        }
        Verdict::NotAffected { reason } => ("not affected", reason.clone()),
        Verdict::Unknown { reason } => ("not to be told", reason.clone()),
    };
    // Names, versions and paths are the image's own words.
    let name = package.full_name();
    let (name, version) = (printable(&name), printable(&package.version));
    writeln!(to, "{bold}{name} {version}{bold:#} is {bold}{word}{bold:#} by {}", said_by(explanation))?;
    writeln!(to, "  because   {}", printable(&reason))?;
    if let Some(record) = &explanation.overruled_by {
        let record = printable(record);
        writeln!(to, "  overruled by {record}, whose publisher knows better: this is no finding")?;
    }
    let (filed, compared) = (printable(&explanation.name), printable(&explanation.version));
    let (ecosystem, ordering) = (&explanation.ecosystem, explanation.ordering);
    writeln!(to, "  compared  {filed} {compared} in {ecosystem}, ordered as {ordering}")?;
    for range in &explanation.ranges {
        writeln!(to, "  range     {}", printable(range))?;
    }
    if explanation.listed > 0 {
        writeln!(to, "  listed    {} versions one by one", explanation.listed)?;
    }
    for location in &package.locations {
        writeln!(to, "  found at  {} (layer {})", printable(&location.path.to_string()), package.layer + 1)?;
    }
    if let Some(owner) = &package.owned_by {
        let owner = printable(owner);
        writeln!(to, "  owned by  {owner}: not reported, the distribution's advisories cover it")?;
    }
    Ok(())
}
