//! `direct_url.json`: where a distribution came from that was not installed from an index.
//!
//! Follows the PyPA specification "Direct URL data structure" (formerly PEP 610). The file does not say which
//! distribution it describes. Its folder does (`NAME-VERSION.dist-info`): the fact states the same distribution
//! once more, and since kind, normal name and version are the same the resolver makes one package of both, with the
//! name as the metadata spell it. For that the place goes under a key of its own, which is no part of a purl.
//!
//! A `_` in the folder's name stands for any of `-`, `_` and `.`, which the normal form makes one of again. In a
//! version that old tools wrote it may stand for `+` or `-`: then nothing is stated, rather than the same
//! distribution in a second version. Nothing is lost by it but the address; the metadata beside it stand.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, origin},
    Form, by_folder, folder, form,
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Places that Python distributions were installed from.
pub struct PythonDirectUrl;

/// Longest file that is read, in bytes; real ones have hundreds.
const LONGEST: u64 = 1 << 20;

/// The key of the place in the details of a package.
const DIRECT_URL: &str = "direct_url";

/// What the file says. A folder (`dir_info`) is somebody's own tree, of which there is nothing to say.
#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    vcs_info: Option<Repository>,
    archive_info: Option<Archive>,
}

#[derive(Deserialize)]
struct Repository {
    vcs: String,
    commit_id: String,
}

/// Its fields, hashes, say nothing of the place.
#[derive(Deserialize)]
struct Archive {}

impl Cataloger for PythonDirectUrl {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/python-direct-url", revision: 3 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.dist-info/direct_url.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"direct_url.json" && form(folder(&file.path)) == Some(Form::DistInfo)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let direct: DirectUrl = document::json(file, "direct_url.json", LONGEST)?;
        let named = by_folder(folder(file.path()));
        let Some((name, version)) = named.filter(|(_, version)| !version.contains('_')) else {
            return Ok(Reading::nothing());
        };
        let place = match (direct.vcs_info, direct.archive_info) {
            (Some(Repository { vcs, commit_id }), _) => origin::vcs_url(&vcs, &direct.url, &commit_id),
            (None, Some(Archive {})) if !direct.url.starts_with("file:") => {
                origin::without_credentials(&direct.url)
            }
            _ => return Ok(Reading::nothing()),
        };
        Ok(Reading::of(Fact::Package(Box::new(Stated {
            kind: PackageKind::Python,
            name: name.into_owned(),
            version: version.into_owned(),
            details: [(DIRECT_URL.to_owned(), place)].into(),
            ..Stated::default()
        }))))
    }
}
