//! What people read: summaries, details, links.
//!
//! Apart from all that matching needs, and compressed: blocks of at least 16 KiB of neighbouring records, Zstandard, with
//! a dictionary of sampled records that spares each block from learning the field's phrases anew. `text-index` holds for
//! each block the offset of its end in `text`, u64, and its expanded length, u32.

use std::io::{self, Write};

use rayon::prelude::*;
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
};

use crate::{
    Error,
    file::{
        Section, Writer,
        bytes::{Cursor, Malformed, Put},
    },
};

/// A block is closed once it has this many bytes.
const BLOCK: usize = 16 * 1024;
/// Blocks that are compressed at a time, on all cores.
const BATCH: usize = 64;
const LEVEL: i32 = 6;
const INDEX_ENTRY: u64 = 12;
/// The longest text of one record.
pub(crate) const LONGEST: usize = 8 * 1024 * 1024;
/// Size of the dictionary.
pub(crate) const DICTIONARY: usize = 64 * 1024;

/// Where a record's text lies: block, and offset in the expanded block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) block: u32,
    pub(crate) offset: u32,
}

/// The human-readable part of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Text {
    /// One line, plain text; empty if the record has none.
    pub summary: String,
    /// Markdown; empty if the record has none.
    pub details: String,
    /// Links, in the record's order.
    pub references: Vec<Reference>,
}

impl Text {
    /// What the record is about in one line: its summary, or else the first line of its details.
    pub fn title(&self) -> Option<&str> {
        title(&self.summary, &self.details)
    }
}

fn title<'a>(summary: &'a str, details: &'a str) -> Option<&'a str> {
    let first = |text: &'a str| {
        text.lines().map(|line| line.trim().trim_start_matches('#').trim()).find(|line| !line.is_empty())
    };
    first(summary).or_else(|| first(details))
}

/// A link of a record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reference {
    /// `ADVISORY`, `FIX`, `WEB`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The address, as published: do not follow it without thought.
    pub url: String,
}

/// Encodes the text of a record.
pub(crate) fn encode<'a>(
    summary: &str,
    details: &str,
    references: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(summary.len() + details.len() + 64);
    bytes.put_text(summary);
    bytes.put_text(details);
    bytes.put_varint(references.len() as u64);
    for (kind, url) in references {
        bytes.put_text(kind);
        bytes.put_text(url);
    }
    bytes
}

/// Whether [`encode`] may have made it.
pub(crate) fn is_sound(bytes: &[u8]) -> bool {
    decode(bytes).is_ok()
}

fn decode(bytes: &[u8]) -> Result<Text, Malformed> {
    let mut from = Cursor::new(bytes);
    let (summary, details) = (from.text()?.to_owned(), from.text()?.to_owned());
    let count = from.size()?;
    let mut references = Vec::new();
    for _ in 0..count {
        references.push(Reference { kind: from.text()?.to_owned(), url: from.text()?.to_owned() });
    }
    Ok(Text { summary, details, references })
}

/// All texts of a database, compressed as they lie in it.
pub(crate) struct Texts<'db> {
    pub(crate) text: &'db [u8],
    pub(crate) index: &'db [u8],
    pub(crate) dictionary: &'db [u8],
    /// How long they are when expanded.
    pub(crate) expanded: u64,
}

impl<'db> Texts<'db> {
    pub(crate) fn of(
        text: Section<'db>,
        index: Section<'db>,
        dictionary: Section<'db>,
    ) -> Result<Self, Error> {
        let (text, index, dictionary) = (text.all()?, index.all()?, dictionary.all()?);
        let (entries, _) = index.as_chunks::<{ INDEX_ENTRY as usize }>();
        let expanded = entries.iter().map(|&[.., a, b, c, d]| u64::from(u32::from_le_bytes([a, b, c, d])));
        Ok(Texts { text, index, dictionary, expanded: expanded.sum() })
    }
}

/// Compresses texts in the order in which they come.
pub(crate) struct TextBuilder {
    dictionary: EncoderDictionary<'static>,
    open: Vec<u8>,
    waiting: Vec<Vec<u8>>,
    blocks: u32,
    end: u64,
    index: Vec<u8>,
}

impl TextBuilder {
    pub(crate) fn new(dictionary: &[u8]) -> TextBuilder {
        TextBuilder {
            dictionary: EncoderDictionary::copy(dictionary, LEVEL),
            open: Vec::with_capacity(2 * BLOCK),
            waiting: Vec::new(),
            blocks: 0,
            end: 0,
            index: Vec::new(),
        }
    }

    /// Goes on behind the blocks of an older database, which its writer copies.
    pub(crate) fn after(old: &Texts<'_>) -> TextBuilder {
        let mut builder = TextBuilder::new(old.dictionary);
        builder.blocks = (old.index.len() / INDEX_ENTRY as usize) as u32;
        builder.end = old.text.len() as u64;
        builder.index.extend_from_slice(old.index);
        builder
    }

    /// Adds an encoded text; full batches are compressed and written.
    pub(crate) fn push(&mut self, text: &[u8], to: &mut Writer) -> io::Result<Pointer> {
        let pointer = Pointer { block: self.blocks, offset: self.open.len() as u32 };
        self.open.extend_from_slice(text);
        if self.open.len() >= BLOCK {
            self.close(to)?;
        }
        Ok(pointer)
    }

    fn close(&mut self, to: &mut Writer) -> io::Result<()> {
        self.waiting.push(std::mem::replace(&mut self.open, Vec::with_capacity(2 * BLOCK)));
        self.blocks += 1;
        if self.waiting.len() >= BATCH { self.write(to) } else { Ok(()) }
    }

    fn write(&mut self, to: &mut Writer) -> io::Result<()> {
        let dictionary = &self.dictionary;
        let compressed = self
            .waiting
            .par_chunks(BATCH / 8)
            .map(|blocks| {
                let mut compressor = Compressor::with_prepared_dictionary(dictionary)?;
                blocks.iter().map(|block| compressor.compress(block)).collect::<io::Result<Vec<_>>>()
            })
            .collect::<io::Result<Vec<_>>>()?;
        for (block, bytes) in self.waiting.iter().zip(compressed.iter().flatten()) {
            to.write_all(bytes)?;
            self.end += bytes.len() as u64;
            self.index.extend_from_slice(&self.end.to_le_bytes());
            self.index.extend_from_slice(&(block.len() as u32).to_le_bytes());
        }
        self.waiting.clear();
        Ok(())
    }

    /// Writes what is left and answers the section `text-index`.
    pub(crate) fn finish(mut self, to: &mut Writer) -> io::Result<Vec<u8>> {
        if !self.open.is_empty() {
            self.close(to)?;
        }
        self.write(to)?;
        Ok(self.index)
    }
}

/// Expands block `block`.
pub(crate) fn expand(
    text: Section<'_>,
    index: Section<'_>,
    dictionary: &DecoderDictionary<'_>,
    block: u32,
) -> Result<Vec<u8>, Error> {
    let place = u64::from(block) * INDEX_ENTRY;
    let start = match place.checked_sub(INDEX_ENTRY) {
        Some(before) => index.u64(before)?,
        None => 0,
    };
    let (end, length) = (index.u64(place)?, index.u32(place + 8)? as usize);
    if length > LONGEST + BLOCK {
        return Err(index.damaged(place));
    }
    let compressed = text.bytes(start, end.checked_sub(start).ok_or_else(|| index.damaged(place))?)?;
    let expanded = Decompressor::with_prepared_dictionary(dictionary)
        .and_then(|mut decompressor| decompressor.decompress(compressed, length))
        .map_err(|_| text.damaged(start))?;
    if expanded.len() == length { Ok(expanded) } else { Err(text.damaged(start)) }
}

/// The text at `offset` of an expanded block.
pub(crate) fn read(text: Section<'_>, block: &[u8], offset: u32) -> Result<Text, Error> {
    let bytes = block.get(offset as usize..).ok_or(Malformed);
    text.sound(0, bytes.and_then(decode))
}

/// The title of the text at `offset` of an expanded block, without a copy of the rest.
pub(crate) fn read_title<'b>(text: Section<'_>, block: &'b [u8], offset: u32) -> Result<&'b str, Error> {
    let bytes = block.get(offset as usize..).ok_or(Malformed);
    let read = |bytes: &'b [u8]| {
        let mut from = Cursor::new(bytes);
        Ok(title(from.text()?, from.text()?).unwrap_or_default())
    };
    text.sound(0, bytes.and_then(read))
}
