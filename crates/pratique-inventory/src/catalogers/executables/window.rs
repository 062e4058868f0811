//! The fixed window through which a program of any size is looked at once, from its first byte to its last.

use std::io::{self, Read};

use memchr::memmem::Finder;

/// Bytes held at a time. Two or three passes over it stay in the processor's second-level cache.
pub(super) const WINDOW: usize = 256 << 10;

/// Bytes at the end of a window that are shown again at the start of the next one: the longest thing that a
/// detector must see in one piece.
pub(super) const OVERLAP: usize = 4 << 10;

/// A stretch of a program.
///
/// Every offset of the file is below [`Window::starts`] in exactly one window, and there it has at least
/// [`OVERLAP`] bytes behind it, unless the file ends. A detector that judges only what starts there sees
/// everything once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    /// The bytes in view.
    pub(super) bytes: &'a [u8],
    /// Where in the file `bytes` begins.
    pub(super) offset: u64,
    /// How many of them are to be judged as starting points.
    pub(super) starts: usize,
}

impl<'a> Window<'a> {
    /// The bytes that are in no other window: concatenated over all windows they are the file.
    pub(super) fn own(&self) -> &'a [u8] {
        self.bytes.get(..self.starts).unwrap_or(self.bytes)
    }

    /// What is in view from position `at` of this window on.
    pub(super) fn from(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// The offset in the file of position `at`.
    pub(super) fn offset_of(&self, at: usize) -> u64 {
        self.offset.saturating_add(at as u64)
    }

    /// Positions below [`Window::starts`] at which `needle` starts.
    pub(super) fn find<'f>(&self, needle: &'f Finder<'_>) -> impl Iterator<Item = usize> + use<'a, 'f> {
        let end = (self.starts + needle.needle().len().saturating_sub(1)).min(self.bytes.len());
        needle.find_iter(self.bytes.get(..end).unwrap_or(self.bytes))
    }
}

/// Moves a window over `body`, which continues where `head` ends, until `look` has seen enough.
///
/// # Errors
/// The body's own.
pub(super) fn slide(
    head: &[u8],
    body: &mut dyn Read,
    size: u64,
    mut look: impl FnMut(&Window<'_>) -> bool,
) -> io::Result<()> {
    // The size is a hint that saves memory for small programs; a wrong one only makes more windows.
    let room = usize::try_from(size.saturating_add(1)).unwrap_or(WINDOW).clamp(4 * OVERLAP, WINDOW);
    let mut buffer = vec![0; room.max(head.len() + OVERLAP)];
    buffer[..head.len()].copy_from_slice(head);
    let mut held = head.len();
    let mut offset = 0_u64;
    loop {
        held += fill(body, &mut buffer[held..])?;
        let last = held < buffer.len();
        let starts = if last { held } else { held - OVERLAP };
        let more = look(&Window { bytes: &buffer[..held], offset, starts });
        if last || !more {
            return Ok(());
        }
        buffer.copy_within(starts..held, 0);
        offset += starts as u64;
        held -= starts;
    }
}

/// Reads until `to` is full or the body ends; the number of bytes read.
pub(super) fn fill(body: &mut dyn Read, to: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < to.len() {
        match body.read(&mut to[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Bytes at a known place of the file, gathered while the windows pass over them.
#[derive(Debug)]
pub(super) struct Tap {
    at: u64,
    wanted: usize,
    got: Vec<u8>,
}

impl Tap {
    /// A tap for `wanted` bytes from offset `at` on.
    pub(super) fn new(at: u64, wanted: usize) -> Self {
        Self { at, wanted, got: Vec::new() }
    }

    /// Takes what of it is in view.
    pub(super) fn feed(&mut self, window: &Window<'_>) {
        let next = self.at.saturating_add(self.got.len() as u64);
        let missing = self.wanted.saturating_sub(self.got.len());
        let Some(from) = next.checked_sub(window.offset).and_then(|n| usize::try_from(n).ok()) else {
            return;
        };
        let seen = window.from(from);
        self.got.extend_from_slice(&seen[..missing.min(seen.len())]);
    }

    /// The bytes, once all of them have passed.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (self.got.len() == self.wanted).then_some(&*self.got)
    }

    /// What has passed so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.got
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_is_seen_once_whatever_the_size() {
        for size in [0, 1, OVERLAP, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 17] {
            let mut bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            // One needle across the first border between windows, one at the very end.
            let across = (WINDOW - OVERLAP).saturating_sub(3);
            for at in [across, size.saturating_sub(6)] {
                if let Some(place) = bytes.get_mut(at..at + 6) {
                    place.copy_from_slice(b"\xffneedl");
                }
            }
            let expected = bytes.windows(6).filter(|w| w == b"\xffneedl").count();
            for hint in [0, size as u64, u64::MAX] {
                let (mut own, mut found) = (Vec::new(), 0);
                let finder = Finder::new(b"\xffneedl");
                let head = &bytes[..bytes.len().min(7)];
                slide(head, &mut &bytes[head.len()..], hint, |window| {
                    own.extend_from_slice(window.own());
                    found += window.find(&finder).count();
                    true
                })
                .unwrap();
                assert!(own == bytes, "size {size}, hint {hint}");
                assert_eq!(found, expected, "size {size}, hint {hint}");
            }
        }
    }

    #[test]
    fn a_tap_gathers_across_windows() {
        let bytes: Vec<u8> = (0..3 * WINDOW).map(|i| (i / 7 % 256) as u8).collect();
        let mut tap = Tap::new((WINDOW - 100) as u64, WINDOW + 300);
        slide(&[], &mut &bytes[..], bytes.len() as u64, |window| {
            tap.feed(window);
            true
        })
        .unwrap();
        assert_eq!(tap.whole().unwrap(), &bytes[WINDOW - 100..2 * WINDOW + 200]);
    }
}
