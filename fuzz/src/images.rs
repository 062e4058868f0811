//! Layers and the names of images.

use std::fmt::{Debug, Display};
use std::io::{Cursor, copy, sink};
use std::str::FromStr;

use pratique_image::{Digest, Entries, EntryHeader, LayerError, Limits, Platform, Reference, layer_from};

/// Any bytes as a gzip stream, and as blocks behind a header: no panic, no end without one, and what is expanded is what
/// zlib expands as far as both go.
pub fn gzip(bytes: &[u8]) {
    let blocks = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], bytes].concat();
    for stream in [bytes, &blocks] {
        let (ours, is_broken) = expanded(pratique_inflate::GzipReader::new(stream));
        let (theirs, is_refused) = expanded(flate2::bufread::MultiGzDecoder::new(stream));
        assert_eq!(is_broken, is_refused);
        let both = ours.len().min(theirs.len());
        assert_eq!(ours.get(..both), theirs.get(..both));
        assert!(is_broken || ours.len() == theirs.len());
    }
}

/// The first megabyte of what is read, and whether reading broke off.
fn expanded(from: impl std::io::Read) -> (Vec<u8>, bool) {
    use std::io::Read;
    let mut bytes = Vec::new();
    let outcome = from.take(1 << 20).read_to_end(&mut bytes);
    (bytes, outcome.is_err())
}

/// Any bytes as a layer, within limits that a small input can reach.
pub fn tar_layer(bytes: &[u8]) {
    let read = entries(bytes, true);
    let skipped = entries(bytes, false);
    // Whoever passes over bodies sees the same files as whoever reads them.
    if let (Ok(read), Ok(skipped)) = (read, skipped) {
        assert_eq!(read, skipped);
    }
}

fn entries(bytes: &[u8], bodies: bool) -> Result<Vec<EntryHeader>, LayerError> {
    let limits = Limits {
        layer_entries: 1000,
        layer_bytes: 1 << 20,
        ratio: 50,
        ratio_grace: 1 << 16,
        zstd_window_log: 20,
        ..Limits::default()
    };
    let mut layer = layer_from(Cursor::new(bytes.to_vec()), &limits)?;
    let mut headers = Vec::new();
    let end = drain(&mut *layer, bodies, &mut headers);
    let again = layer.next_entry();
    // An error must not turn into an end when somebody asks once more, nor an end into anything else.
    assert_eq!(end.is_ok(), matches!(again, Ok(None)), "{end:?}");
    layer.take_notes();
    end.map(|()| headers)
}

fn drain(layer: &mut dyn Entries, bodies: bool, headers: &mut Vec<EntryHeader>) -> Result<(), LayerError> {
    while let Some(entry) = layer.next_entry()? {
        // A body that breaks off is told by the next entry as well: the loop need not look.
        if bodies && let Ok(length) = copy(entry.body, &mut sink()) {
            assert_eq!(length, entry.header.size, "{:?}", entry.header);
        }
        headers.push(entry.header);
    }
    Ok(())
}

/// References, digests and platforms read what they write.
pub fn reference(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    round_trip::<Digest>(text);
    round_trip::<Platform>(text);
    if let Some(reference) = round_trip::<Reference>(text) {
        assert_eq!(reference.familiar().parse().as_ref(), Ok(&reference), "the familiar form of {reference}");
    }
}

fn round_trip<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let again = value.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&value), "{text:?} reads as {value}");
    Some(value)
}
