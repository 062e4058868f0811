//! Samples cut short and with bits flipped: an import ends, and what it cannot read it says.

use pratique_advisory::Feed;

use super::{Files, read};

/// Damages the file `path` of `files` in a hundred ways. Of a compressed one, give the plain form.
pub fn throw(feed: &dyn Feed, files: &Files, path: &str) {
    let whole = &files.files[path];
    let step = (whole.len() / 50).max(1);
    let damaged = |bytes: Vec<u8>| {
        let mut files = files.clone();
        files.files.insert(path.to_owned(), bytes);
        // Whatever comes of it: no panic, no hang, and what is imported adds up.
        if let Ok(imported) = read(feed, files) {
            let feeds = imported.report.info.feeds.values();
            assert!(feeds.into_iter().all(|feed| feed.counts.add_up()));
        }
    };
    for cut in (0..whole.len()).step_by(step) {
        damaged(whole[..cut].to_vec());
    }
    for (round, byte) in (0..whole.len()).step_by(step).enumerate() {
        let mut bytes = whole.clone();
        bytes[byte] ^= 1 << (round % 8);
        damaged(bytes);
    }
}
