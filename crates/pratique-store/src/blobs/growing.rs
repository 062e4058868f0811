//! A file that somebody still writes, read by somebody who follows: a layer is catalogued while it is pushed, and the push
//! never waits for that. What the reader has not seen yet waits on the disk, not in memory.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

/// How far the writer has come; shared with whoever reads behind.
#[derive(Debug, Clone, Default)]
pub struct Growing(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    length: u64,
    end: End,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    Whole,
    Abandoned,
}

impl Growing {
    /// Of which `length` bytes are there.
    pub fn of(length: u64) -> Self {
        let new = Self::default();
        new.grew(length);
        new
    }

    /// So many bytes are there now.
    pub fn grew(&self, length: u64) {
        self.set(|state| state.length = length);
    }

    /// No more will come: that was all.
    pub fn is_whole(&self) {
        self.set(|state| state.end = End::Whole);
    }

    /// No more will come: nobody wants it.
    pub fn is_abandoned(&self) {
        self.set(|state| {
            if state.end == End::Open {
                state.end = End::Abandoned;
            }
        });
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.0;
        change(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Waits until there is something behind `offset`: how much is there, or nothing at the end.
    fn wait(&self, offset: u64) -> io::Result<u64> {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.end == End::Abandoned {
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the upload was given up"));
            }
            if state.length > offset || state.end == End::Whole {
                return Ok(state.length.saturating_sub(offset));
            }
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A reader of `file` from its beginning.
    pub fn follow(&self, file: File) -> Tail {
        Tail { file, growing: self.clone(), offset: 0 }
    }
}

/// Reads a growing file to the end that it will have.
#[derive(Debug)]
pub struct Tail {
    file: File,
    growing: Growing,
    offset: u64,
}

impl Read for Tail {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let there = self.growing.wait(self.offset)?;
        let want = buf.len().min(usize::try_from(there).unwrap_or(usize::MAX));
        let n = match buf.get_mut(..want) {
            Some(buf) if want > 0 => self.file.read_at(buf, self.offset)?,
            _ => 0,
        };
        self.offset += n as u64;
        Ok(n)
    }
}
