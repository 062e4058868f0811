//! Expands gzip (RFC 1952) as it streams, without copying: what was expanded is read where the decoder wrote it.
//!
//! Nine tenths of a scan's time is spent expanding layers. This decoder takes DEFLATE (RFC 1951) as the fastest ones do:
//! a bit buffer of 64 bits that is filled without branches, tables whose entries hold everything about a symbol, up to
//! three literals a round, copies of sixteen bytes, and one check of room a round instead of one a byte. It is safe
//! code, and agrees with zlib on what is sound and what is not (`tests/differential.rs`).

// What these forbid is what this crate is for; `benches/gzip.rs` shows what it gains.
#![allow(clippy::inline_always, clippy::large_stack_arrays, clippy::decimal_bitwise_operands)]

mod block;
mod gzip;
mod huffman;
mod input;
mod window;

pub use gzip::GzipReader;

/// What is wrong with a gzip stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It ends too early.
    #[error("the stream ends too early")]
    Truncated,
    /// No gzip header where one is expected.
    #[error("no gzip header where one is expected")]
    Header,
    /// A block of a type that does not exist.
    #[error("a block of unknown type")]
    BlockType,
    /// A stored block whose length and its complement disagree.
    #[error("the length of a stored block is damaged")]
    StoredLength,
    /// Codewords that make no code.
    #[error("the codes of a block are damaged")]
    Codes,
    /// A codeword that stands for nothing.
    #[error("a codeword that stands for nothing")]
    Codeword,
    /// A reference to before the beginning.
    #[error("a reference to before the beginning")]
    Distance,
    /// The checksum is not that of what was expanded.
    #[error("the checksum of the expanded bytes is wrong")]
    Checksum,
    /// The length is not that of what was expanded.
    #[error("the length of the expanded bytes is wrong")]
    Length,
}
