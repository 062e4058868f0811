//! Lists the entries of an image's layers, and says how long that took.
//!
//! `list TARGET [--quiet]`; with `--quiet` only the sums, for measuring.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit)]

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use pratique_image::{EntryKind, Image, OpenOptions, Target};

fn main() {
    if let Err(error) = run() {
        eprint!("list: {error}");
        let mut next = error.source();
        while let Some(cause) = next {
            eprint!(": {cause}");
            next = cause.source();
        }
        eprintln!();
        std::process::exit(3);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut quiet = false;
    let mut options = OpenOptions::default();
    let mut target = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quiet" => quiet = true,
            "--plain-http" => options.plain_http = true,
            "--insecure" => options.insecure = true,
            "--platform" => options.platform = Some(arguments.next().unwrap_or_default().parse()?),
            _ => target = Some(argument),
        }
    }
    let target = Target::parse(&target.ok_or("usage: list [--quiet] [--platform OS/ARCH] TARGET")?)?;
    let start = Instant::now();
    let image = Image::open(&target, &options)?;
    eprintln!("{} {:?} config {:?}", image.name(), image.platform(), image.config_digest());
    for note in image.notes() {
        eprintln!("note: {note}");
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for layer in image.layers() {
        let mut entries = image.open_layer(layer.index)?;
        while let Some(entry) = entries.next_entry()? {
            count += 1;
            bytes += entry.header.size;
            if quiet {
                continue;
            }
            let header = &entry.header;
            write!(out, "{} {:o} {:>10} {}", layer.index, header.mode, header.size, header.path)?;
            match &header.kind {
                EntryKind::File => writeln!(out)?,
                EntryKind::SymLink(target) => writeln!(out, " -> {}", String::from_utf8_lossy(target))?,
                EntryKind::HardLink(target) => writeln!(out, " = {target}")?,
                other => writeln!(out, " ({other:?})")?,
            }
        }
        for note in entries.take_notes() {
            eprintln!("layer {}: note: {note}", layer.index);
        }
    }
    out.flush()?;
    eprintln!(
        "{} layers, {count} entries, {bytes} bytes of files, {:?}",
        image.layers().len(),
        start.elapsed()
    );
    Ok(())
}
