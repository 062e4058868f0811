//! Programs that say what they were built from: Go's build information, Rust's audit list, the list of a native image
//! of GraalVM, the version of a .NET assembly; and those known by the version in their bytes ([`programs`]).
//!
//! A program is looked at once, through a fixed window ([`window`]), by a set of [`Detector`]s; none of them
//! holds more of it than what it is about to state. A file that begins like no program costs 64 bytes, a
//! program without anything to state little more than reading it.
//!
//! Which files are looked at is decided by mode and name, since a look at every file's first bytes would
//! make every file of an image one that is kept in the facts: whatever somebody may execute; shared objects
//! and Windows programs by name, since they need no execute bit; and files without any permission at all,
//! since layers made by tools that know no modes have `0000` throughout.

mod asked;
pub(crate) mod assembly;
mod auditable;
mod go;
mod layout;
mod module_info;
mod native_image;
mod programs;
mod upx;
mod version_info;
mod window;

#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    io::{self, Read},
};

use pratique_image::EntryHeader;

use self::{
    layout::{Format, Layout, fat_programs},
    programs::{Form, Versions},
    window::{Window, fill, slide},
};
use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// Reads programs: ELF, PE and Mach-O.
pub struct Executables;

/// Bytes that tell whether a file is a program, and where the programs of a fat file lie.
const HEAD: usize = 4 << 10;

/// Shorter files are no programs.
const SHORTEST: u64 = 64;

/// Endings of programs and libraries that run without an execute bit.
const ENDINGS: [&[u8]; 6] = [b".so", b".exe", b".dll", b".dylib", b".node", b".pyd"];

/// Endings of files that are no programs, whatever their mode says, and that another cataloger reads.
const ARCHIVES: [&[u8]; 3] = [b".jar", b".war", b".ear"];

impl Cataloger for Executables {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "executables/build-info", revision: 3 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        if file.size < SHORTEST {
            return programs::named(name, Form::Text);
        }
        // An archive with an execute bit is the archive reader's: asking two would take it into memory.
        if ARCHIVES.iter().any(|ending| name.ends_with(ending)) {
            return false;
        }
        if file.mode & 0o111 != 0 || file.mode.trailing_zeros() >= 9 {
            return true;
        }
        ENDINGS.iter().any(|ending| name.ends_with(ending))
            || memchr::memmem::find(name, b".so.").is_some()
            || programs::named(name, Form::Text)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        // Most files with an execute bit are scripts: they are told apart before anything is allocated.
        let mut head = [0; HEAD];
        let mut held = fill(file.body, &mut head[..SHORTEST as usize])?;
        let name = file.header.path.file_name();
        let Some(format) = Format::of(&head[..held]) else {
            if let Some(mut versions) = Versions::of(name, Form::Text) {
                slide(&head[..held], file.body, file.header.size, |window| {
                    versions.feed(window) == Appetite::More
                })?;
                versions.finish(&mut reading);
            }
            return Ok(reading);
        };
        if format == Format::FatMachO {
            held += fill(file.body, &mut head[held..])?;
            read_fat(&head[..held], file, &mut reading)?;
        } else {
            read_program(name, &head[..held], file.body, file.header.size, &mut reading)?;
        }
        Ok(reading)
    }
}

/// Something that looks for one thing in a program while it streams past.
///
/// It sees all windows in order ([`Window`] says what it may rely on), until it has had enough.
trait Detector {
    /// Looks at the next stretch of the program.
    fn feed(&mut self, window: &Window<'_>) -> Appetite;

    /// The program is over, or nobody wants more of it: says what was found.
    fn finish(&mut self, reading: &mut Reading);
}

/// Whether a detector can still find something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Appetite {
    /// It wants to see what follows.
    More,
    /// It has what it looked for, or knows that it is not there.
    Enough,
}

/// Everything that looks at a program with this name, layout and first window. A new detector is a line here.
fn detectors(name: &[u8], layout: &Layout, head: &[u8]) -> Vec<Box<dyn Detector>> {
    let mut all: Vec<Box<dyn Detector>> = vec![
        Box::new(go::BuildInfo::new(layout)),
        Box::new(auditable::AuditList::new(layout)),
        Box::new(native_image::NativeImage::new(layout)),
    ];
    if let Some(assembly) = assembly::Assembly::of(layout, head) {
        all.push(Box::new(assembly));
    }
    if let Some(versions) = Versions::of(name, Form::Program) {
        all.push(Box::new(versions));
    }
    all
}

/// Reads one program, of which `head` has been taken from `body` already.
fn read_program(
    name: &[u8],
    head: &[u8],
    body: &mut dyn Read,
    size: u64,
    reading: &mut Reading,
) -> io::Result<()> {
    let mut all = Vec::new();
    let mut hungry = Vec::new();
    slide(head, body, size, |window| {
        if window.offset == 0 {
            let Some(layout) = Layout::of(window.bytes) else { return false };
            if upx::packed(&layout, window.bytes) {
                reading.problem("it is packed by UPX: what it was built from cannot be seen");
                return false;
            }
            all = detectors(name, &layout, window.bytes);
            hungry = (0..all.len()).collect();
        }
        hungry.retain(|&i| all.get_mut(i).is_some_and(|detector| detector.feed(window) == Appetite::More));
        !hungry.is_empty()
    })?;
    for detector in &mut all {
        detector.finish(reading);
    }
    Ok(())
}

/// Reads the programs of a fat file one after the other, as if each were a file of its own. They are built
/// from the same sources for different processors, so what several of them state is stated once.
fn read_fat(head: &[u8], file: &mut File<'_>, reading: &mut Reading) -> Result<(), Unreadable> {
    let name = file.header.path.file_name();
    let mut known = HashSet::new();
    let mut rest = head.chain(&mut *file.body);
    let mut at = 0_u64;
    for (offset, size) in fat_programs(head) {
        let Some(gap) = offset.checked_sub(at) else {
            reading.problem(format!("its program at offset {offset} overlaps the one before it"));
            continue;
        };
        let skipped = io::copy(&mut (&mut rest).take(gap), &mut io::sink())?;
        if skipped < gap {
            reading.problem(format!("it ends before its program at offset {offset}"));
            break;
        }
        let mut program = (&mut rest).take(size);
        let mut of_program = Reading::nothing();
        read_program(name, &[], &mut program, size, &mut of_program)?;
        io::copy(&mut program, &mut io::sink())?;
        at = offset + (size - program.limit());
        for problem in of_program.problems {
            if !reading.problems.contains(&problem) {
                reading.problem(problem);
            }
        }
        for fact in of_program.facts {
            let is_new = match &fact {
                Fact::Package(stated) => {
                    known.insert((stated.kind, stated.name.clone(), stated.version.clone()))
                }
                _ => true,
            };
            if is_new {
                reading.facts.push(fact);
            }
        }
    }
    Ok(())
}
