//! `pratique db import` and `pratique db update`: the database, made.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use pratique_advisory::{
    self as advisory, Database, ImportOptions, ImportReport, Progress, SkipReason, import,
};
use pratique_report::json;

use super::{age, export};
use crate::{
    commands::source::SourceArgs,
    exit::WrongUsage,
    settings::DatabaseArgs,
    terminal::{self, Content},
};

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// Folder, base URL, or a file of `pratique db export` [default: the public OSV export, or that of --db-source]
    source: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Only this ecosystem, as its folder is called; may be given several times
    #[arg(long = "ecosystem", value_name = "NAME")]
    ecosystems: Vec<String>,
    /// Fail when a file or record cannot be read
    #[arg(long)]
    strict: bool,
    /// Write what was read, kept and skipped, record by record, to this file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Update {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Read everything anew, not only what changed
    #[arg(long)]
    full: bool,
    /// End with exit code 3 when a feed or zip cannot be read; all that can be read is written nevertheless
    #[arg(long)]
    strict: bool,
    /// Write what was read, kept and skipped, record by record, to this file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only errors
    #[arg(short, long)]
    quiet: bool,
}

impl Import {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let source = self.source.as_deref().unwrap_or_else(|| self.sources.osv());
        if Path::new(source).is_file() {
            return self.take_in(Path::new(source));
        }
        build(source, self)
    }

    /// Takes in a database that was made elsewhere.
    fn take_in(&self, file: &Path) -> anyhow::Result<()> {
        let chosen = self.strict || self.report.is_some() || !self.ecosystems.is_empty();
        if chosen || self.sources.names_feeds() {
            let text = format!(
                "{} is a file: nothing of it is chosen or counted, it is taken as it is",
                file.display()
            );
            return Err(WrongUsage(text).into());
        }
        let database = export::take_in(file, &self.database.path()?)?;
        let info = database.info();
        let path = database.path().display();
        let text = format!("{path}: {} records, built {}", info.records, age(info));
        terminal::note(self.quiet, &text);
        Ok(())
    }
}

impl Update {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let report = update(&self.database.path()?, &self.sources, self.full, self.quiet)?;
        if let Some(path) = &self.report {
            terminal::show(Content::Document, Some(path), |to| json::write(&report, to))?;
        }
        // Unlike a strict import, which somebody watches, this one runs at night: a publisher that is down for an hour must
        // not keep all others' news away.
        if let Some(failed) = failed(&report).filter(|_| self.strict) {
            anyhow::bail!("the database was updated, but not wholly: {failed}");
        }
        Ok(())
    }
}

/// Brings the database at `target` up to date, or makes it if there is none. `full` reads what it has anew too.
pub(crate) fn update(
    target: &Path,
    sources: &SourceArgs,
    full: bool,
    quiet: bool,
) -> anyhow::Result<ImportReport> {
    let base = match Database::open(target) {
        Ok(database) => Some(database),
        Err(advisory::Error::Missing { .. }) => None,
        Err(unusable) => {
            terminal::warn(quiet, &format!("the database is made anew: {unusable}"));
            None
        }
    };
    let base = base.as_ref();
    let request = Request { target, sources, base, full, ecosystems: Vec::new(), strict: false, quiet };
    let report = request.run(sources.osv())?;
    tell(&report, target, quiet);
    if let Some(failed) = failed(&report) {
        terminal::warn(quiet, &failed);
    }
    Ok(report)
}

/// In a sentence, what could not be read; `None` if nothing.
fn failed(report: &ImportReport) -> Option<String> {
    let names: Vec<_> = report.problems.iter().map(advisory::Problem::of).collect();
    let names = Some(names.join(", ")).filter(|names| !names.is_empty())?;
    Some(format!("could not be read, and stays as the database had it: {names}"))
}

fn build(source: &str, args: &Import) -> anyhow::Result<()> {
    let target = args.database.path()?;
    let request = Request {
        target: &target,
        sources: &args.sources,
        base: None,
        full: true,
        ecosystems: args.ecosystems.clone(),
        strict: args.strict,
        quiet: args.quiet,
    };
    let report = request.run(source)?;
    if let Some(path) = &args.report {
        terminal::show(Content::Document, Some(path), |to| json::write(&report, to))?;
    }
    tell(&report, &target, args.quiet);
    Ok(())
}

struct Request<'a> {
    target: &'a Path,
    sources: &'a SourceArgs,
    base: Option<&'a Database>,
    full: bool,
    ecosystems: Vec<String>,
    strict: bool,
    quiet: bool,
}

impl Request<'_> {
    fn run(self, source: &str) -> anyhow::Result<ImportReport> {
        if let Some(directory) = self.target.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)
                .with_context(|| format!("{} could not be made", directory.display()))?;
        }
        let advisories = self.sources.open(source)?;
        let bar = bar(self.quiet);
        let progress = |progress: Progress<'_>| match progress {
            Progress::Reading { ecosystem, index, of, members } => {
                bar.set_length(of as u64);
                bar.set_position(index as u64);
                bar.set_message(format!("{ecosystem} ({members} records)"));
            }
            Progress::Changes { read, of } => {
                bar.set_length(of as u64);
                bar.set_position(read as u64);
                bar.set_message("records that changed");
            }
            Progress::Feed { feed } => bar.set_message(format!("feed {feed}")),
            _ => bar.set_message("writing"),
        };
        let options = ImportOptions {
            strict: self.strict,
            ecosystems: self.ecosystems,
            base: self.base,
            whole: self.full,
            feeds: self.sources.feeds(source)?,
            epss: self.sources.epss(source)?,
            kev: self.sources.kev(source)?,
            created: None,
            progress: Some(&progress),
        };
        let report = import(Some(advisories.as_ref()), self.target, options);
        bar.finish_and_clear();
        Ok(report?)
    }
}

fn bar(quiet: bool) -> ProgressBar {
    if quiet || !terminal::is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:30.green} {pos}/{len} {wide_msg}");
    let bar = ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// What was read and kept, in numbers that add up.
fn tell(report: &ImportReport, target: &Path, quiet: bool) {
    if let Some(changes) = report.changes {
        let whole = match changes.ecosystems {
            0 => String::new(),
            count => format!(", {count} ecosystems read as a whole"),
        };
        terminal::note(
            quiet,
            &format!("{} records changed, {} are there no more{whole}", changes.records, changes.gone),
        );
    } else {
        tell_counts(report, quiet);
    }
    if !report.unchanged.is_empty() {
        let names: Vec<_> = report.unchanged.iter().map(|feed| feed.name()).collect();
        terminal::note(quiet, &format!("as they were: {}", names.join(", ")));
    }
    // Of the export's hundred thousand records some are always odd; what a feed has is for its publisher, or you, to mend.
    const TOLD: usize = 10;
    let unusable = || {
        let feeds = report.skipped.iter().filter(|it| advisory::FeedId::from_name(&it.ecosystem).is_some());
        feeds.filter(|it| matches!(it.reason, SkipReason::Unusable | SkipReason::MatchesNothing))
    };
    for advisory::Skipped { ecosystem, member, reason, detail } in unusable().take(TOLD) {
        let why = detail.as_deref().unwrap_or("it makes no sense");
        let left_out = if *reason == SkipReason::Unusable { " is left out" } else { "" };
        terminal::warn(quiet, &format!("{ecosystem}: {member}{left_out}: {why}"));
    }
    if let Some(more) = unusable().count().checked_sub(TOLD).filter(|more| *more > 0) {
        terminal::warn(quiet, &format!("and {more} more entries of feeds"));
    }
    for problem in &report.problems {
        terminal::warn(quiet, &problem.to_string());
    }
    let mebibytes = report.info.bytes as f64 / f64::from(1 << 20);
    terminal::note(
        quiet,
        &format!("{} ({} records, {mebibytes:.1} MiB)", target.display(), report.info.records),
    );
}

fn tell_counts(report: &ImportReport, quiet: bool) {
    let totals = report.totals();
    terminal::note(
        quiet,
        &format!(
            "{} records read: {} kept for matching, {} in several zips, {} withdrawn, {} by commit only, {} without \
             a package, {} unusable",
            totals.members,
            totals.indexed,
            totals.duplicates,
            totals.withdrawn,
            totals.commits_only,
            totals.no_package,
            totals.unusable
        ),
    );
}
