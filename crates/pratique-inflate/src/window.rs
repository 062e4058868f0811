//! Expanded bytes: those to be read next, and before them those that references may reach back to.

/// How far back a reference reaches at most.
pub(crate) const HISTORY: usize = 32 << 10;
/// Expanded bytes per step.
const STEP: usize = 128 << 10;
/// Most bytes that one round writes behind the limit: three literals, a match of 258, and what a copy overshoots by.
const SLACK: usize = 320;
const LENGTH: usize = HISTORY + STEP + SLACK;

pub(crate) struct Window {
    pub(crate) bytes: Box<[u8; LENGTH]>,
    /// First byte that is still to be read.
    start: usize,
    /// End of what was expanded.
    pub(crate) end: usize,
    /// First byte of this stream that is still here.
    begin: usize,
}

impl Window {
    pub(crate) fn new() -> Self {
        // On the heap from the start; the length is right.
        let bytes = vec![0; LENGTH].try_into().unwrap_or_else(|_| Box::new([0; LENGTH]));
        Self { bytes, start: 0, end: 0, begin: 0 }
    }

    /// Where a round may begin at most.
    pub(crate) const LIMIT: usize = HISTORY + STEP;

    /// What is there to be read.
    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Makes room once everything was read.
    pub(crate) fn slide(&mut self) {
        let keep = self.end.saturating_sub(HISTORY).max(self.begin);
        self.bytes.copy_within(keep..self.end, 0);
        self.begin = 0;
        self.end -= keep;
        self.start = self.end;
    }

    /// Nothing that was expanded so far may be referred to any more.
    pub(crate) fn forget(&mut self) {
        self.begin = self.end;
    }

    pub(crate) fn begin(&self) -> usize {
        self.begin
    }

    /// Appends as many of `bytes` as there is room for, and says how many.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(Self::LIMIT.saturating_sub(self.end));
        if let (Some(to), Some(from)) = (self.bytes.get_mut(self.end..self.end + count), bytes.get(..count)) {
            to.copy_from_slice(from);
        }
        self.end += count;
        count
    }
}

/// Copies `length` bytes that lie `distance` back to `at`; what was just written may be part of them.
///
/// May write up to 15 bytes more than that: there is slack for them.
#[inline(always)]
pub(crate) fn copy_back(bytes: &mut [u8; LENGTH], at: usize, distance: usize, length: usize) {
    let from = at - distance;
    if distance >= 16 {
        chunk::<16>(bytes, at, from);
        let mut done = 16;
        while done < length {
            chunk::<16>(bytes, at + done, from + done);
            done += 16;
        }
    } else if distance >= 8 {
        let mut done = 0;
        while done < length {
            chunk::<8>(bytes, at + done, from + done);
            done += 8;
        }
    } else {
        repeat(bytes, at, distance, length);
    }
}

#[inline(always)]
fn chunk<const N: usize>(bytes: &mut [u8; LENGTH], at: usize, from: usize) {
    let Some(&chunk) = bytes.get(from..).and_then(|rest| rest.first_chunk::<N>()) else { return };
    let Some(to) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>()) else { return };
    *to = chunk;
}

/// Repeats the last `distance` bytes, fewer than eight.
#[inline]
fn repeat(bytes: &mut [u8; LENGTH], at: usize, distance: usize, length: usize) {
    if distance == 1 {
        let byte = bytes[at - 1];
        if let Some(to) = bytes.get_mut(at..at + length) {
            to.fill(byte);
        }
        return;
    }
    // What repeats every `distance` bytes repeats every `period` too, and that is far enough for whole chunks.
    let period = distance * 8usize.div_ceil(distance);
    for at in at..at + length.min(period) {
        bytes[at] = bytes[at - distance];
    }
    let mut done = period;
    while done < length {
        chunk::<8>(bytes, at + done, at + done - period);
        done += 8;
    }
}
