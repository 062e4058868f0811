//! Packages that rpm has installed: the families of Red Hat and SUSE, Amazon Linux, Photon, Azure Linux.
//!
//! rpm has kept its headers in three kinds of files: Berkeley DB (`bdb`), its own NDB (`ndb`) and SQLite
//! (`sqlite`). What is in them is the same (`header`): one binary header a package. The file's name follows
//! the kind only by convention, so its first bytes decide.
//!
//! Traps: the database has moved (`var/lib/rpm`, `usr/lib/sysimage/rpm`, and `usr/share/rpm` where the system
//! is an OSTree), usually with a link at the old place. `gpg-pubkey` entries are keys that somebody imported,
//! stored as packages; `rpm -qa` lists them and so do we. The other files beside the database (`Name`,
//! `Basenames`, `Index.db`, `__db.001`) are indexes and hold nothing of their own.

mod bdb;
mod bytes;
mod error;
mod header;
pub mod manifest;
mod ndb;
mod package;
mod sqlite;
mod wal;

use pratique_image::EntryHeader;

pub use error::{BadDatabase, BadHeader};
pub use manifest::RpmManifest;
pub(crate) use package::source;

use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Reads rpm's database of installed packages.
pub struct RpmDatabase;

/// Is told of every record of a database: its bytes, or why they cannot be had.
type Visit<'a> = &'a mut dyn FnMut(Result<&[u8], BadDatabase>);

/// Where rpm keeps its database.
const FOLDERS: &[&[u8]] = &[b"var/lib/rpm/", b"usr/lib/sysimage/rpm/", b"usr/share/rpm/"];

/// The write-ahead log of SQLite.
const LOG: &[u8] = b"rpmdb.sqlite-wal";

impl Cataloger for RpmDatabase {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/rpm", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "{var/lib/rpm,usr/lib/sysimage/rpm,usr/share/rpm}/Packages",
            "{var/lib/rpm,usr/lib/sysimage/rpm,usr/share/rpm}/Packages.db",
            "{var/lib/rpm,usr/lib/sysimage/rpm,usr/share/rpm}/rpmdb.sqlite",
            "{var/lib/rpm,usr/lib/sysimage/rpm,usr/share/rpm}/rpmdb.sqlite-wal",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let mut names = FOLDERS.iter().filter_map(|folder| file.path.as_bytes().strip_prefix(*folder));
        names.any(|name| matches!(name, b"Packages" | b"Packages.db" | b"rpmdb.sqlite" | LOG))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        if file.path().file_name() == LOG {
            if wal::has_commit(file.body)? {
                reading.problem(
                    "the database beside this log was not closed: packages that only the log has are missing",
                );
            }
            return Ok(reading);
        }
        let bytes = file.bytes()?;
        if bytes.is_empty() {
            return Ok(reading);
        }
        let mut full = false;
        let mut budget = package::Budget::new(file.limits, bytes.len());
        let mut odd = Vec::new();
        each(&bytes, &mut |record| {
            if full {
                return;
            }
            match record.and_then(|blob| Ok(package::stated(blob, &mut budget, &mut odd)?)) {
                Ok(stated) => full = !reading.package(stated, file.limits),
                Err(bad) => complain(&mut reading, &bad),
            }
            for (name, bad) in odd.drain(..) {
                complain(&mut reading, &format_args!("{name}: {bad}"));
            }
        })
        .map_err(|bad| Unreadable::malformed("rpm database", bad))?;
        Ok(reading)
    }
}

/// Adds a problem, unless there are so many already that it would only cost time to write it down.
fn complain(reading: &mut Reading, what: &dyn std::fmt::Display) {
    // One more than a reading keeps, for the line that says that there are more.
    const MANY: usize = 100;
    if reading.problems.len() <= MANY {
        reading.problem(what.to_string());
    }
}

/// Visits every record of a database of any kind.
fn each(bytes: &[u8], visit: Visit<'_>) -> Result<(), BadDatabase> {
    if sqlite::is(bytes) {
        sqlite::each(bytes, visit)
    } else if ndb::is(bytes) {
        ndb::each(bytes, visit)
    } else if bdb::is(bytes) {
        bdb::each(bytes, visit)
    } else {
        Err(BadDatabase::UnknownFormat)
    }
}

#[cfg(test)]
mod tests;
