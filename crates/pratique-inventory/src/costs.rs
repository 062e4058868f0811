//! What each cataloger takes, for `--profile`.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::Mutex,
    time::{Duration, Instant},
};

/// Adds up what catalogers take while layers are read.
#[derive(Debug, Default)]
pub struct Costs {
    by_cataloger: Mutex<BTreeMap<&'static str, Cost>>,
    passes: Mutex<Duration>,
}

/// What one cataloger took.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Files that it read.
    pub files: u64,
    /// Bytes that it took of them.
    pub bytes: u64,
    /// Time in it, without that of expanding the layer: the bytes stream past whether somebody reads them or not.
    pub time: Duration,
}

impl Costs {
    /// All catalogers that read something, the dearest first.
    pub fn by_cataloger(&self) -> Vec<(&'static str, Cost)> {
        let known = self.by_cataloger.lock().map(|known| known.clone()).unwrap_or_default();
        let mut all: Vec<_> = known.into_iter().collect();
        all.sort_by_key(|(name, cost)| (std::cmp::Reverse(cost.time), *name));
        all
    }

    /// Time in all passes over layers, those of several threads added up: fetching, expanding, hashing, and the
    /// catalogers.
    pub fn passes(&self) -> Duration {
        self.passes.lock().map(|passes| *passes).unwrap_or_default()
    }

    pub(crate) fn add_pass(&self, time: Duration) {
        if let Ok(mut passes) = self.passes.lock() {
            *passes += time;
        }
    }

    /// Runs `read` for `cataloger` over `body`, and adds what that took.
    pub(crate) fn measure<T>(
        &self,
        cataloger: &'static str,
        body: &mut dyn Read,
        read: impl FnOnce(&mut dyn Read) -> T,
    ) -> T {
        let mut body = Timed { body, bytes: 0, time: Duration::ZERO };
        let start = Instant::now();
        let answer = read(&mut body);
        let time = start.elapsed().saturating_sub(body.time);
        if let Ok(mut known) = self.by_cataloger.lock() {
            let cost = known.entry(cataloger).or_default();
            *cost = Cost { files: cost.files + 1, bytes: cost.bytes + body.bytes, time: cost.time + time };
        }
        answer
    }
}

/// A body, and how long its own reading took.
struct Timed<'b> {
    body: &'b mut dyn Read,
    bytes: u64,
    time: Duration,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        let count = self.body.read(buffer);
        self.time += start.elapsed();
        self.bytes += count.as_ref().map_or(0, |&count| count as u64);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_by_cataloger() {
        let costs = Costs::default();
        for _ in 0..2 {
            let read = |body: &mut dyn Read| body.read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(costs.measure("a", &mut &b"12345"[..], read), 5);
        }
        let [("a", Cost { files: 2, bytes: 10, .. })] = costs.by_cataloger()[..] else {
            panic!("{:?}", costs.by_cataloger())
        };
    }
}
