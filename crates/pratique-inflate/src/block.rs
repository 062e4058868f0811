//! DEFLATE blocks (RFC 1951).

use std::io::{self, Read};

use crate::{
    Damage,
    huffman::{
        self, DISTANCE_BITS, DISTANCE_ENTRIES, END, LITERAL, LITERAL_BITS, LITERAL_ENTRIES, LONGER,
        PRECODE_BITS, PRECODE_ENTRIES, SPECIAL,
    },
    input::{Input, damage},
    window::{Window, copy_back},
};

/// Decoder of a stream of blocks.
pub(crate) struct Inflate {
    state: State,
    is_last: bool,
    literals: Box<[u32; LITERAL_ENTRIES]>,
    distances: Box<[u32; DISTANCE_ENTRIES]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the header of a block.
    Header,
    /// In a stored block, with so many bytes left.
    Stored(usize),
    /// In a block of codewords.
    Coded,
    /// Behind the last block.
    Done,
}

impl Inflate {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Header,
            is_last: false,
            literals: Box::new([0; LITERAL_ENTRIES]),
            distances: Box::new([0; DISTANCE_ENTRIES]),
        }
    }

    /// Begins anew with another stream.
    pub(crate) fn reset(&mut self) {
        self.state = State::Header;
        self.is_last = false;
    }

    /// Expands until the window is full or the stream ends; says whether it ended.
    pub(crate) fn run<R: Read>(&mut self, input: &mut Input<R>, window: &mut Window) -> io::Result<bool> {
        while window.end < Window::LIMIT {
            match self.state {
                State::Header => self.header(input)?,
                State::Stored(0) => self.state = if self.is_last { State::Done } else { State::Header },
                State::Stored(left) => {
                    let bytes = input.rest()?;
                    let bytes = bytes.get(..left).unwrap_or(bytes);
                    if bytes.is_empty() {
                        return Err(damage(Damage::Truncated));
                    }
                    let count = window.append(bytes);
                    input.at += count;
                    self.state = State::Stored(left - count);
                }
                State::Coded => {
                    if self.coded(input, window)? {
                        self.state = if self.is_last { State::Done } else { State::Header };
                    }
                }
                State::Done => return Ok(true),
            }
        }
        Ok(false)
    }

    fn header<R: Read>(&mut self, input: &mut Input<R>) -> io::Result<()> {
        self.is_last = input.take(1)? == 1;
        match input.take(2)? {
            0 => {
                input.align();
                let mut field = [0; 4];
                for byte in &mut field {
                    *byte = input.byte()?;
                }
                let [a, b, c, d] = field;
                let (length, complement) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
                if length != !complement {
                    return Err(damage(Damage::StoredLength));
                }
                self.state = State::Stored(usize::from(length));
            }
            1 => {
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                self.codes(&lengths, &[5; 32])?;
                self.state = State::Coded;
            }
            2 => {
                self.dynamic(input)?;
                self.state = State::Coded;
            }
            _ => return Err(damage(Damage::BlockType)),
        }
        Ok(())
    }

    /// Reads the codes of a block (section 3.2.7).
    fn dynamic<R: Read>(&mut self, input: &mut Input<R>) -> io::Result<()> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let literals = input.take(5)? as usize + 257;
        let distances = input.take(5)? as usize + 1;
        let precodes = input.take(4)? as usize + 4;
        if literals > 286 || distances > 30 {
            return Err(damage(Damage::Codes));
        }
        let mut lengths = [0; 19];
        for &symbol in ORDER.iter().take(precodes) {
            lengths[symbol] = input.take(3)? as u8;
        }
        let mut precode = [0; PRECODE_ENTRIES];
        if !huffman::build(&mut precode, PRECODE_BITS, &lengths, huffman::precode, false) {
            return Err(damage(Damage::Codes));
        }
        let mut lengths = [0u8; 286 + 30];
        let mut known = 0;
        while known < literals + distances {
            input.look_ahead()?;
            input.refill();
            let entry = precode[(input.bits & ((1 << PRECODE_BITS) - 1)) as usize];
            if entry & SPECIAL != 0 {
                return Err(damage(Damage::Codes));
            }
            input.take(entry & 0xff)?;
            let (value, repeats) = match entry >> 16 {
                16 => {
                    let Some(&last) = known.checked_sub(1).and_then(|last| lengths.get(last)) else {
                        return Err(damage(Damage::Codes));
                    };
                    (last, input.take(2)? + 3)
                }
                17 => (0, input.take(3)? + 3),
                18 => (0, input.take(7)? + 11),
                length => (length as u8, 1),
            };
            let end = known + repeats as usize;
            if end > literals + distances {
                return Err(damage(Damage::Codes));
            }
            if let Some(run) = lengths.get_mut(known..end) {
                run.fill(value);
            }
            known = end;
        }
        let (literals, rest) = lengths.split_at(literals);
        // A block that cannot end is no block.
        if literals.get(256) == Some(&0) {
            return Err(damage(Damage::Codes));
        }
        self.codes(literals, rest.get(..distances).unwrap_or_default())
    }

    fn codes(&mut self, literals: &[u8], distances: &[u8]) -> io::Result<()> {
        let literals =
            huffman::build(&mut *self.literals, LITERAL_BITS, literals, huffman::literal_or_length, true);
        let distances =
            huffman::build(&mut *self.distances, DISTANCE_BITS, distances, huffman::distance, true);
        if literals && distances { Ok(()) } else { Err(damage(Damage::Codes)) }
    }

    /// Expands within a block of codewords until it ends (`true`) or the window is full.
    fn coded<R: Read>(&mut self, input: &mut Input<R>, window: &mut Window) -> io::Result<bool> {
        while window.end < Window::LIMIT {
            input.look_ahead()?;
            let before = window.end;
            let outcome = self.rounds(input, window);
            if input.is_overrun() {
                // What was read behind the end was nothing.
                window.end = before;
                return Err(damage(Damage::Truncated));
            }
            match outcome {
                Outcome::More => {}
                Outcome::End => return Ok(true),
                Outcome::Damaged(what) => return Err(damage(what)),
            }
        }
        Ok(false)
    }

    /// Round after round while there is enough to look ahead to, and room; at least one.
    fn rounds<R: Read>(&self, input: &mut Input<R>, window: &mut Window) -> Outcome {
        const LITERAL_MASK: u64 = (1 << LITERAL_BITS) - 1;
        const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;
        let (literals, distances) = (&*self.literals, &*self.distances);
        let begin = window.begin();
        let bytes = &mut *window.bytes;
        // Locals, so that they stay in registers.
        let source = &*input.bytes;
        let (mut bits, mut count, mut at) = (input.bits, input.count, input.at);
        let mut end = window.end;
        let last = input.end.saturating_sub(crate::input::AHEAD);
        macro_rules! refill {
            () => {
                let next = source.get(at..).and_then(|next| next.first_chunk::<8>());
                bits |= u64::from_le_bytes(*next.unwrap_or(&[0; 8])) << count;
                at += ((63 - count) >> 3) as usize;
                count |= 56;
            };
        }
        macro_rules! take {
            ($entry:expr) => {
                bits >>= $entry & 0x3f;
                count -= $entry & 0xff;
            };
        }
        refill!();
        let mut entry = literals[(bits & LITERAL_MASK) as usize];
        let outcome = loop {
            // Here the bit buffer is full, and `entry` is that of its next bits: looked up early, to be there in time.
            if entry & LITERAL != 0 {
                take!(entry);
                bytes[end] = (entry >> 16) as u8;
                end += 1;
                entry = literals[(bits & LITERAL_MASK) as usize];
                if entry & LITERAL != 0 {
                    take!(entry);
                    bytes[end] = (entry >> 16) as u8;
                    end += 1;
                    entry = literals[(bits & LITERAL_MASK) as usize];
                    if entry & LITERAL != 0 {
                        take!(entry);
                        bytes[end] = (entry >> 16) as u8;
                        end += 1;
                        if at > last || end >= Window::LIMIT {
                            break Outcome::More;
                        }
                        refill!();
                        entry = literals[(bits & LITERAL_MASK) as usize];
                        continue;
                    }
                }
            }
            if entry & SPECIAL != 0 {
                if entry & LONGER != 0 {
                    take!(entry);
                    let own = bits & ((1 << (entry >> 8 & 0xf)) - 1);
                    entry = literals.get((entry >> 16) as usize + own as usize).copied().unwrap_or(SPECIAL);
                    if entry & LITERAL != 0 {
                        take!(entry);
                        bytes[end] = (entry >> 16) as u8;
                        end += 1;
                        if at > last || end >= Window::LIMIT {
                            break Outcome::More;
                        }
                        refill!();
                        entry = literals[(bits & LITERAL_MASK) as usize];
                        continue;
                    }
                }
                if entry & END != 0 {
                    take!(entry);
                    break Outcome::End;
                }
                if entry & SPECIAL != 0 {
                    break Outcome::Damaged(Damage::Codeword);
                }
            }
            let saved = bits;
            take!(entry);
            let extra = saved & ((1 << (entry & 0x3f)) - 1);
            let length = (entry >> 16) as usize + (extra >> (entry >> 8 & 0xf)) as usize;
            refill!();
            entry = distances[(bits & DISTANCE_MASK) as usize];
            if entry & SPECIAL != 0 {
                take!(entry);
                if entry & LONGER == 0 {
                    break Outcome::Damaged(Damage::Codeword);
                }
                let own = bits & ((1 << (entry >> 8 & 0xf)) - 1);
                entry = distances.get((entry >> 16) as usize + own as usize).copied().unwrap_or(SPECIAL);
                if entry & SPECIAL != 0 {
                    break Outcome::Damaged(Damage::Codeword);
                }
            }
            let saved = bits;
            take!(entry);
            let extra = saved & ((1 << (entry & 0x3f)) - 1);
            let distance = (entry >> 16) as usize + (extra >> (entry >> 8 & 0xf)) as usize;
            if distance > end - begin {
                break Outcome::Damaged(Damage::Distance);
            }
            let to = end;
            end += length;
            if at > last || end >= Window::LIMIT {
                copy_back(bytes, to, distance, length);
                break Outcome::More;
            }
            refill!();
            entry = literals[(bits & LITERAL_MASK) as usize];
            copy_back(bytes, to, distance, length);
        };
        (input.bits, input.count, input.at) = (bits, count, at);
        window.end = end;
        outcome
    }
}

enum Outcome {
    More,
    End,
    Damaged(Damage),
}
