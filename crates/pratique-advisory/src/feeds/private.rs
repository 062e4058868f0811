//! Advisories of one's own: a folder of records of the Open Source Vulnerability format.
//!
//! Every `*.json` below the folder holds one record or an array of records; other files are passed over. What they say goes
//! before what anybody else says ([`crate::Authority::Operator`]). A record's identifier may be that of a public one: both
//! are kept. A record is kept also where its ecosystem is one under which nothing is looked up, but not in silence.

mod misfiled;

use std::io::Read;

use serde_json::value::RawValue;

pub use self::misfiled::misfiled;
use crate::{Feed, FeedError, FeedId, Sink, Source, SourceError, osv};

/// The feed.
pub struct Private;

/// The largest file that is read.
const LARGEST: u64 = 256 * 1024 * 1024;

impl Feed for Private {
    fn id(&self) -> FeedId {
        FeedId::Private
    }

    fn base(&self) -> &'static str {
        // There is no public one: a folder is named by whoever has it.
        ""
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let Some(paths) = from.list()? else {
            let hint = "private advisories are read from a folder, whose files can be listed";
            return Err(FeedError::Missing { path: from.name(), hint });
        };
        let is_json =
            |path: &&String| path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("json"));
        for path in paths.iter().filter(is_json) {
            let Some(file) = from.read(path)? else { continue };
            let mut json = Vec::new();
            let io = |source| SourceError::Io { path: path.clone(), source };
            if file.take(LARGEST + 1).read_to_end(&mut json).map_err(io)? as u64 > LARGEST {
                to.skip(path, "the file is longer than 256 MiB")?;
                continue;
            }
            let one_or_many = match json.trim_ascii_start().first() {
                Some(b'[') => serde_json::from_slice::<Vec<&RawValue>>(&json)
                    .map(|records| records.into_iter().map(|record| record.get().as_bytes()).collect()),
                _ => Ok(vec![json.as_slice()]),
            };
            let records: Vec<&[u8]> = match one_or_many {
                Ok(records) => records,
                Err(problem) => {
                    to.skip(path, &problem.to_string())?;
                    continue;
                }
            };
            for record in records {
                match osv::Record::parse(record) {
                    Ok(record) => {
                        to.record(&record)?;
                        for (index, affected) in record.affected.iter().enumerate() {
                            let why = affected.package.as_ref().and_then(|of| misfiled(&of.ecosystem));
                            if let Some(why) = why {
                                let field = format!("affected[{index}].package.ecosystem");
                                to.doubt(&format!("{path}: {}: {field}", record.id), &why)?;
                            }
                        }
                    }
                    Err(problem) => to.skip(path, &format!("not an OSV record: {problem}"))?,
                }
            }
        }
        Ok(())
    }
}
