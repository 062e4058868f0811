//! `pratique demo`.

use std::fs;

use pratique_advisory::{Database, Folder, ImportOptions, import};
use pratique_image::{Image, OpenOptions, Target};
use pratique_inventory::{Inventory, Scope, TakeOptions};
use pratique_match::MatchOptions;
use pratique_report::{Filter, TargetInfo, table};

use crate::{exit::Exit, findings, settings::Taken, terminal};

/// A small image and the advisories that concern it; what they are and where they come from: `demo/README.md`.
const IMAGE: &[u8] = include_bytes!("../../../../demo/image.oci.tar");
const ADVISORIES: &[(&str, &[u8])] = &[
    ("ecosystems.txt", include_bytes!("../../../../demo/advisories/ecosystems.txt")),
    ("Debian/all.zip", include_bytes!("../../../../demo/advisories/Debian/all.zip")),
    ("npm/all.zip", include_bytes!("../../../../demo/advisories/npm/all.zip")),
];
const EPSS: &[u8] = include_bytes!("../../../../demo/advisories/epss.csv.gz");
const KEV: &[u8] = include_bytes!("../../../../demo/advisories/kev.json");

/// Scan a small real image with a small real advisory snapshot, both in this program: no network
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique demo\n  \
    pratique demo --keep ./demo     and keep the image and the database, to try other commands on")]
pub(crate) struct Args {
    /// Keep the image and the database in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<std::path::PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let scratch;
    let home = if let Some(directory) = &args.keep {
        fs::create_dir_all(directory)?;
        directory.as_path()
    } else {
        scratch = tempfile::tempdir()?;
        scratch.path()
    };
    let (archive, advisories) = (home.join("image.oci.tar"), home.join("advisories"));
    fs::write(&archive, IMAGE)?;
    for (name, bytes) in ADVISORIES {
        let path = advisories.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&advisories))?;
        fs::write(path, bytes)?;
    }
    let file = home.join("advisories.pdb");
    let options = ImportOptions {
        epss: Some(pratique_advisory::Input::Stream("epss.csv.gz".into(), Box::new(EPSS))),
        kev: Some(pratique_advisory::Input::Stream("kev.json".into(), Box::new(KEV))),
        ..ImportOptions::default()
    };
    import(Some(&Folder::new(&advisories)), &file, options)?;
    let database = Database::open(&file)?;

    let image =
        Image::open(&Target::parse(&format!("oci-archive:{}", archive.display()))?, &OpenOptions::default())?;
    let inventory = Inventory::take(&image, &TakeOptions::default())?;
    let mut target = TargetInfo::new(&image, &inventory);
    "demo image".clone_into(&mut target.name);
    let taken = Taken { target, inventory, left_out: Vec::new(), config: None };
    let report = findings::report(
        &taken,
        Scope::default(),
        Some(&database),
        MatchOptions::default(),
        &Filter::default(),
    )?;
    terminal::print(|to| {
        table::write(&report, terminal::width(), to)?;
        writeln!(to)?;
        match &args.keep {
            Some(home) => {
                let home = home.display();
                writeln!(
                    to,
                    "Next: pratique explain --db {home}/advisories.pdb {home}/image.oci.tar CVE-2019-10744"
                )
            }
            None => {
                writeln!(to, "Next: pratique db update, then pratique scan IMAGE (see pratique scan --help)")
            }
        }
    })?;
    Ok(Exit::Clean)
}
