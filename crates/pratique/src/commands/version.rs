//! `pratique version`.

use std::io::{self, BufRead};

use anyhow::Context;
use clap::{CommandFactory, error::ErrorKind};
use pratique_version::{Ecosystem, InvalidVersion, Scheme, compare};

use crate::{exit::Exit, terminal};

/// Compare versions the way their ecosystem does
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique version compare debian 1.0~rc1 1.0          prints <")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print <, = or > for two versions
    #[command(after_help = "Examples:\n  \
        pratique version compare debian 1.0~rc1 1.0          prints <\n  \
        pratique version compare pypi 1.0.post1 1.0          prints >\n  \
        printf 'rpm\\t1:1-1\\t2-1\\n' | pratique version compare --stdin")]
    Compare(Compare),
}

#[derive(Debug, clap::Args)]
struct Compare {
    /// Ecosystem, as OSV or package URLs name it: debian, rpm, alpine, npm, pypi, go, maven, …
    #[arg(required_unless_present = "stdin")]
    ecosystem: Option<String>,
    /// First version
    #[arg(required_unless_present = "stdin", allow_hyphen_values = true)]
    a: Option<String>,
    /// Second version
    #[arg(required_unless_present = "stdin", allow_hyphen_values = true)]
    b: Option<String>,
    /// Read lines of ecosystem, first and second version, separated by tabs, and answer each with a line
    #[arg(long, conflicts_with_all = ["ecosystem", "a", "b"])]
    stdin: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Action::Compare(compare) = args.command;
    if compare.stdin {
        return compare_lines();
    }
    let (Some(ecosystem), Some(a), Some(b)) = (compare.ecosystem, compare.a, compare.b) else {
        let missing = "an ecosystem and two versions are needed";
        crate::Cli::command().error(ErrorKind::MissingRequiredArgument, missing).exit();
    };
    let scheme = match scheme_of(&ecosystem) {
        Ok(scheme) => scheme,
        Err(why) => crate::Cli::command().error(ErrorKind::InvalidValue, why).exit(),
    };
    let sign = sign(scheme, &a, &b)?;
    terminal::print(|to| writeln!(to, "{sign}"))?;
    Ok(Exit::Clean)
}

/// Answers line by line; a line that makes no sense is answered with `?` and told of on standard error.
fn compare_lines() -> anyhow::Result<Exit> {
    let mut failed = false;
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    let mut number = 0;
    terminal::print(|to| {
        loop {
            line.clear();
            if read_line(&mut input, &mut line)? == 0 {
                return Ok(());
            }
            number += 1;
            match compare_line(&String::from_utf8_lossy(&line)) {
                Ok(sign) => writeln!(to, "{sign}")?,
                Err(why) => {
                    failed = true;
                    terminal::note(false, &format!("line {number}: {why}"));
                    writeln!(to, "?")?;
                }
            }
        }
    })
    .context("standard input could not be compared")?;
    Ok(if failed { Exit::Failed } else { Exit::Clean })
}

/// Reads a line of at most 64 KiB: a longer one is cut, and then makes no sense.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let read = io::Read::take(&mut *input, 64 << 10).read_until(b'\n', line)?;
    if read == 64 << 10 && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(read)
}

fn compare_line(line: &str) -> anyhow::Result<char> {
    let mut fields = line.trim_end_matches(['\n', '\r']).split('\t');
    let (Some(ecosystem), Some(a), Some(b), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        anyhow::bail!("three fields separated by tabs are needed: ecosystem, first and second version");
    };
    let scheme = scheme_of(ecosystem).map_err(anyhow::Error::msg)?;
    Ok(sign(scheme, a, b)?)
}

fn sign(scheme: Scheme, a: &str, b: &str) -> Result<char, InvalidVersion> {
    Ok(match compare(scheme, a, b)? {
        std::cmp::Ordering::Less => '<',
        std::cmp::Ordering::Equal => '=',
        std::cmp::Ordering::Greater => '>',
    })
}

/// An ecosystem's ordering, or an ordering by its own name.
fn scheme_of(name: &str) -> Result<Scheme, String> {
    if let Some(scheme) = Scheme::from_name(name) {
        return Ok(scheme);
    }
    let ecosystem: Ecosystem = name.parse().map_err(|e: pratique_version::UnknownEcosystem| e.to_string())?;
    ecosystem.scheme().ok_or_else(|| format!("versions of {} have no order", ecosystem.osv_name()))
}
