//! EPSS scores: the daily CSV of FIRST (<https://www.first.org/epss/data_stats>), plain or gzip.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2026-01-11T12:55:00Z     (since February 2022)
//! cve,epss,percentile                                            (no percentile before September 2021)
//! CVE-1999-0199,0.00793,0.73407
//! ```

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{ImportError, SourceError};
use crate::{CveId, Epss, EpssInfo, section::cves::CveBuilder};

/// A line has some 40 bytes.
const LONGEST_LINE: u64 = 4096;
/// All CVEs of the world are some 15 MB.
const LARGEST: u64 = 512 * 1024 * 1024;

pub(super) fn read(
    (name, reader): (String, Box<dyn Read + Send>),
    cves: &mut CveBuilder,
) -> Result<EpssInfo, ImportError> {
    let io = |source| ImportError::from(SourceError::Io { path: name.clone(), source });
    let wrong = |reason: &str| ImportError::Epss { name: name.clone(), reason: reason.to_owned() };
    let mut packed = BufReader::with_capacity(64 * 1024, reader);
    let gzip = packed.fill_buf().map_err(io)?.starts_with(&[0x1f, 0x8b]);
    let plain: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(packed)) } else { Box::new(packed) };
    let mut lines = BufReader::with_capacity(64 * 1024, plain.take(LARGEST));

    let mut info = EpssInfo::default();
    let mut columns = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(io)? == 0 {
            break;
        }
        let Ok(text) = std::str::from_utf8(&line) else { return Err(wrong("it is not text")) };
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            for field in comment.split(',') {
                match field.split_once(':') {
                    Some(("model_version", version)) => version.clone_into(&mut info.model),
                    Some(("score_date", date)) => date.clone_into(&mut info.date),
                    _ => {}
                }
            }
        } else if let Some(columns) = &columns {
            match score(text, columns) {
                Some((cve, epss)) => {
                    cves.epss(cve, epss);
                    info.scores += 1;
                }
                None if text.is_empty() => {}
                None => info.unusable += 1,
            }
        } else {
            columns = Some(
                Columns::of(text)
                    .ok_or_else(|| wrong("its first line does not name the columns cve and epss"))?,
            );
        }
    }
    if columns.is_none() { Err(wrong("it is empty")) } else { Ok(info) }
}

struct Columns {
    cve: usize,
    epss: usize,
    percentile: Option<usize>,
}

impl Columns {
    fn of(header: &str) -> Option<Columns> {
        let place = |wanted: &str| header.split(',').position(|column| column.trim() == wanted);
        Some(Columns { cve: place("cve")?, epss: place("epss")?, percentile: place("percentile") })
    }
}

fn score(line: &str, columns: &Columns) -> Option<(CveId, Epss)> {
    let column = |index: usize| line.split(',').nth(index).map(str::trim);
    let share = |index: usize| column(index)?.parse().ok().filter(|share: &f32| (0.0..=1.0).contains(share));
    let percentile = match columns.percentile {
        Some(index) => Some(share(index)?),
        None => None,
    };
    Some((column(columns.cve)?.parse().ok()?, Epss { probability: share(columns.epss)?, percentile }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_read(text: &[u8]) -> Result<EpssInfo, ImportError> {
        read(("epss.csv".into(), Box::new(std::io::Cursor::new(text.to_vec()))), &mut CveBuilder::default())
    }

    #[test]
    fn all_headers_of_the_years() {
        let oldest = try_read(b"cve,epss\nCVE-2020-5902,0.65117\n").unwrap();
        assert_eq!(oldest, EpssInfo { scores: 1, ..EpssInfo::default() });
        let newest = try_read(
            b"#model_version:v2025.03.14,score_date:2026-01-11T12:55:00Z\ncve,epss,percentile\r\nCVE-1999-0199,0.00793,0.73407\r\n",
        );
        let newest = newest.unwrap();
        assert_eq!((newest.model.as_str(), newest.date.as_str()), ("v2025.03.14", "2026-01-11T12:55:00Z"));
        assert_eq!((newest.scores, newest.unusable), (1, 0));
    }

    #[test]
    fn unreadable_lines_are_counted_and_other_files_refused() {
        let text = b"cve,epss,percentile\nCVE-2020-5902,0.6,0.9\nCVE-2020-5903,1.6,0.9\nCVE-2020-5904,0.6\nx,0.1,0.1\nCVE-2020-1,NaN,0\n";
        let info = try_read(text).unwrap();
        assert_eq!((info.scores, info.unusable), (1, 4));
        for other in [&b""[..], b"{}", b"a,b\n", b"\xff\xfe\n", b"\x1f\x8bnot gzip"] {
            assert!(try_read(other).is_err(), "{other:?}");
        }
        assert!(try_read(&vec![b'a'; 100_000]).is_err(), "one endless line");
    }
}
