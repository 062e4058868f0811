//! The gzip container (RFC 1952): members one after the other, each with a header, a stream and checks.

use std::io::{self, BufRead, Read};

use crate::{
    Damage,
    block::Inflate,
    input::{Input, damage},
    window::Window,
};

/// Reads what a gzip stream of one or more members expands to.
///
/// Errors of the source are passed on; those of the stream are of the kind `UnexpectedEof` or `InvalidData` and hold
/// [`Damage`].
pub struct GzipReader<R> {
    input: Input<R>,
    window: Window,
    inflate: Inflate,
    state: State,
    /// What went wrong behind bytes that are good and not read yet.
    failed: Option<io::Error>,
    checksum: crc32fast::Hasher,
    /// Bytes of this member, modulo 2³².
    length: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Member,
    Between,
    Done,
}

impl<R: Read> GzipReader<R> {
    /// Begins at the header of the first member.
    pub fn new(source: R) -> Self {
        Self {
            input: Input::new(source),
            window: Window::new(),
            inflate: Inflate::new(),
            state: State::First,
            failed: None,
            checksum: crc32fast::Hasher::new(),
            length: 0,
        }
    }

    /// The source; more may have been taken from it than was expanded.
    pub fn get_mut(&mut self) -> &mut R {
        self.input.source()
    }

    /// Gives back the source.
    pub fn into_inner(self) -> R {
        self.input.into_source()
    }

    /// Expands more once everything was read.
    fn expand(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.window.slide();
        while self.window.unread().is_empty() && self.state != State::Done {
            let outcome = match self.state {
                State::Between if self.input.rest()?.is_empty() => {
                    self.state = State::Done;
                    Ok(())
                }
                State::First | State::Between => self.header(),
                State::Member => self.member(),
                State::Done => Ok(()),
            };
            match outcome {
                Err(error) if !self.window.unread().is_empty() => self.failed = Some(error),
                outcome => outcome?,
            }
        }
        Ok(())
    }

    fn member(&mut self) -> io::Result<()> {
        let from = self.window.unread().len();
        let ended = self.inflate.run(&mut self.input, &mut self.window);
        // What was expanded before damage is good.
        let new = self.window.unread().get(from..).unwrap_or_default();
        self.checksum.update(new);
        self.length = self.length.wrapping_add(new.len() as u32);
        if ended? {
            self.trailer()?;
        }
        Ok(())
    }

    fn header(&mut self) -> io::Result<()> {
        const HEADER_CHECKSUM: u8 = 1 << 1;
        const EXTRA: u8 = 1 << 2;
        const NAME: u8 = 1 << 3;
        const COMMENT: u8 = 1 << 4;
        const RESERVED: u8 = 0xe0;
        let mut fixed = [0; 10];
        for (at, byte) in fixed.iter_mut().enumerate() {
            *byte = self.input.byte()?;
            if [0x1f, 0x8b, 8].get(at).is_some_and(|expected| expected != byte) {
                return Err(damage(Damage::Header));
            }
        }
        let flags = fixed[3];
        if flags & RESERVED != 0 {
            return Err(damage(Damage::Header));
        }
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&fixed);
        let mut byte = |input: &mut Input<R>| -> io::Result<u8> {
            let byte = input.byte()?;
            checksum.update(&[byte]);
            Ok(byte)
        };
        if flags & EXTRA != 0 {
            let length = u16::from_le_bytes([byte(&mut self.input)?, byte(&mut self.input)?]);
            for _ in 0..length {
                byte(&mut self.input)?;
            }
        }
        for flag in [NAME, COMMENT] {
            // A name without end is skipped as it streams past: nothing of it is kept.
            while flags & flag != 0 && byte(&mut self.input)? != 0 {}
        }
        if flags & HEADER_CHECKSUM != 0 {
            let stated = u16::from_le_bytes([self.input.byte()?, self.input.byte()?]);
            if stated != checksum.finalize() as u16 {
                return Err(damage(Damage::Header));
            }
        }
        self.inflate.reset();
        self.window.forget();
        self.checksum = crc32fast::Hasher::new();
        self.length = 0;
        self.state = State::Member;
        Ok(())
    }

    fn trailer(&mut self) -> io::Result<()> {
        self.input.align();
        let (checksum, length) = (self.number()?, self.number()?);
        if checksum != std::mem::take(&mut self.checksum).finalize() {
            return Err(damage(Damage::Checksum));
        }
        if length != self.length {
            return Err(damage(Damage::Length));
        }
        self.state = State::Between;
        Ok(())
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            *byte = self.input.byte()?;
        }
        Ok(u32::from_le_bytes(bytes))
    }
}

impl<R: Read> BufRead for GzipReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.window.unread().is_empty() {
            self.expand()?;
        }
        Ok(self.window.unread())
    }

    fn consume(&mut self, count: usize) {
        self.window.consume(count);
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
