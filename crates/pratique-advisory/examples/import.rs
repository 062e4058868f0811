//! Imports a folder in the layout of the OSV export and says what came of it:
//! `cargo run --release -p pratique-advisory --example import -- FOLDER TARGET [BASE]`.
//! With a base, a database made earlier of the same folder, only what changed since is read.

#![expect(clippy::print_stdout, reason = "it is a program for people to look at")]

use std::{env, error::Error, path::PathBuf, time::Instant};

use pratique_advisory::{Database, Folder, ImportOptions, import};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("usage: import FOLDER TARGET [BASE]".into());
    };
    let base = arguments.next().map(Database::open).transpose()?;

    let start = Instant::now();
    let report = import(
        Some(&Folder::new(folder)),
        &target,
        ImportOptions { base: base.as_ref(), ..ImportOptions::default() },
    )?;
    println!("imported in {:.2?}", start.elapsed());
    println!(
        "{:<30} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "members", "indexed", "dupl.", "withdr.", "commits", "nothing", "unusable"
    );
    let totals = report.totals();
    for (name, counts) in
        report.info.imported.iter().map(|(name, counts)| (name.as_str(), counts)).chain([("", &totals)])
    {
        println!(
            "{name:<30} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}{}",
            counts.members,
            counts.indexed,
            counts.duplicates,
            counts.withdrawn,
            counts.commits_only,
            counts.no_package,
            counts.unusable,
            if counts.add_up() { "" } else { "  DOES NOT ADD UP" }
        );
    }
    println!("{:?} {:?}", report.problems, report.changes);

    let start = Instant::now();
    let database = Database::open(&target)?;
    println!("opened in {:.2?}", start.elapsed());
    let start = Instant::now();
    for _ in 0..100 {
        Database::open(&target)?;
    }
    println!("opened again in {:.2?}", start.elapsed() / 100);
    let info = database.info();
    println!(
        "{} records, {} packages, {} entries, {} CVEs, {} bytes",
        info.records, info.packages, info.entries, info.cves, info.bytes
    );
    println!("newest {:?}, {:?}, {:?}", info.newest_modified(), info.epss, info.kev);
    for (name, length) in database.sections() {
        println!("{name:<16} {length:>10}");
    }
    let start = Instant::now();
    database.verify()?;
    println!("verified in {:.2?}", start.elapsed());
    measure(&database)
}

/// Times look-ups of every package, in an order that jumps about.
fn measure(database: &Database) -> Result<(), Box<dyn Error>> {
    const ROUNDS: u32 = 5;
    let mut keys = database.keys().collect::<Result<Vec<_>, _>>()?;
    // A stride that shares no factor with the length visits each once.
    let from = keys.len() * 3 / 5;
    let stride = (from..keys.len()).find(|stride| coprime(*stride, keys.len())).unwrap_or(1);
    keys = (0..keys.len()).map(|at| keys[at * stride % keys.len()].clone()).collect();
    let mut entries = 0;
    for (what, walk) in [("looked up", false), ("looked up, entries read", true)] {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            for key in &keys {
                let candidates = database.affected(&key.ecosystem, &key.name)?;
                if walk {
                    for entry in candidates {
                        entries += entry?.ranges().flat_map(|range| range.events).count();
                    }
                }
            }
        }
        println!("{what}: {:.2?} each", start.elapsed() / ROUNDS / keys.len() as u32);
    }
    println!("({entries} events)");
    let start = Instant::now();
    let walked = database.keys().flatten().count();
    println!("walked over {walked} keys in {:.2?}", start.elapsed());
    let start = Instant::now();
    for number in database.record_ids()?.step_by(997) {
        database.text(number)?;
    }
    println!("a text in {:.2?}", start.elapsed() / (database.info().records / 997 + 1));
    Ok(())
}

fn coprime(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { coprime(b, a % b) }
}
