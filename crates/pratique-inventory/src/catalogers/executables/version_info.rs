//! The version resource of a Windows program: `VS_VERSIONINFO`.
//!
//! Microsoft's "PE Format" (section `.rsrc`) and "Version Information Structures". Resources are a tree of three
//! levels — type, name, language —, each a table of numbers and offsets into the section; the leaf is a place in memory
//! and a size. The version resource itself is a tree of blocks: length, length of the value, kind, a name in UTF-16,
//! and, from the next multiple of four bytes on, a value or more blocks. The texts lie in `StringFileInfo`, in one
//! table for each language; the first that has a text says it.

use std::collections::BTreeMap;

use super::layout::Fields;

/// The type of version resources.
const RT_VERSION: u32 = 16;
/// Most entries of one table, blocks of one list, and texts of one resource.
const MOST: usize = 1024;
/// Longest name of a block, in UTF-16 units: the longest known is `VS_VERSION_INFO`, people's own are words.
const LONGEST_NAME: usize = 128;
/// Longest text, in UTF-16 units.
const LONGEST_TEXT: usize = 4096;

/// The texts of the version resource in `section`, which is loaded at `address`; empty where there are none.
pub(super) fn texts(section: &[u8], address: u32) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    if let Some(resource) = version_resource(section, address) {
        blocks(resource, 0, &mut texts);
    }
    texts
}

fn version_resource(section: &[u8], address: u32) -> Option<&[u8]> {
    let names = entry(section, 0, |id| id == RT_VERSION)?;
    let languages = entry(section, subtable(names)?, |_| true)?;
    let leaf = entry(section, subtable(languages)?, |_| true)?;
    // A leaf has no mark of a table.
    let leaf = section.get(leaf as usize..)?;
    let fields = Fields { bytes: leaf, big_endian: false };
    let at = fields.u32(0)?.checked_sub(address)? as usize;
    let size = fields.u32(4)? as usize;
    let resource = section.get(at..)?;
    Some(resource.get(..size).unwrap_or(resource))
}

/// The offset in the first entry that is wanted of the table at `at`.
fn entry(section: &[u8], at: usize, wanted: impl Fn(u32) -> bool) -> Option<u32> {
    let fields = Fields { bytes: section.get(at..)?, big_endian: false };
    let count = usize::from(fields.u16(12)?) + usize::from(fields.u16(14)?);
    (0..count.min(MOST)).find_map(|i| {
        let entry = 16 + 8 * i;
        wanted(fields.u32(entry)?).then(|| fields.u32(entry + 4)).flatten()
    })
}

/// Where a table is, if the offset is that of a table.
fn subtable(offset: u32) -> Option<usize> {
    const TABLE: u32 = 0x8000_0000;
    (offset & TABLE != 0).then_some((offset & !TABLE) as usize)
}

/// Goes through a list of blocks and what is in them.
fn blocks(mut list: &[u8], depth: usize, texts: &mut BTreeMap<String, String>) {
    for _ in 0..MOST {
        let fields = Fields { bytes: list, big_endian: false };
        let Some((length, value_length)) = fields.u16(0).zip(fields.u16(2)) else { return };
        let length = usize::from(length);
        let Some(block) = list.get(..length).filter(|_| length >= 6) else { return };
        let Some((name, name_length)) = utf_16(block.get(6..).unwrap_or_default(), LONGEST_NAME) else {
            return;
        };
        let value = block.get(aligned(6 + name_length)..).unwrap_or_default();
        match (depth, &*name) {
            // The fixed numbers stand before the blocks in it; its length counts bytes.
            (0, "VS_VERSION_INFO") => {
                let inner = value.get(aligned(usize::from(value_length))..).unwrap_or_default();
                blocks(inner, 1, texts);
            }
            (1, "StringFileInfo") | (2, _) => blocks(value, depth + 1, texts),
            // A text's length counts characters, or bytes, by who wrote it: it ends at the first zero.
            (3, _) if texts.len() < MOST => {
                if let Some((text, _)) = utf_16(value, LONGEST_TEXT)
                    && !text.trim().is_empty()
                {
                    texts.entry(name).or_insert_with(|| text.trim().to_owned());
                }
            }
            _ => {}
        }
        list = list.get(aligned(length)..).unwrap_or_default();
    }
}

fn aligned(offset: usize) -> usize {
    offset.next_multiple_of(4)
}

/// The text up to a zero or the end, and its length in bytes with that zero.
fn utf_16(bytes: &[u8], longest: usize) -> Option<(String, usize)> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .take_while(|unit| *unit != 0)
        .take(longest + 1)
        .collect();
    (units.len() <= longest).then(|| (String::from_utf16_lossy(&units), 2 * units.len() + 2))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn block(name: &str, value: &[u8], inner: &[Vec<u8>]) -> Vec<u8> {
        let mut block = [&[0; 6][..], &text(name)].concat();
        block.resize(aligned(block.len()), 0);
        block.extend(value);
        for one in inner {
            block.resize(aligned(block.len()), 0);
            block.extend(one);
        }
        let length = block.len() as u16;
        block[..2].copy_from_slice(&length.to_le_bytes());
        block[2..4].copy_from_slice(&(value.len() as u16).to_le_bytes());
        block
    }

    /// A section `.rsrc` with these texts, loaded at `address`.
    pub(in super::super) fn section(address: u32, texts: &[(&str, &str)]) -> Vec<u8> {
        let strings: Vec<_> = texts.iter().map(|(name, value)| block(name, &text(value), &[])).collect();
        let language = block("000004b0", &[], &strings);
        let info = block("VS_VERSION_INFO", &[7; 52], &[block("StringFileInfo", &[], &[language])]);
        let table = |id: u32, offset: u32| {
            let mut table = vec![0; 14];
            table.extend(1_u16.to_le_bytes());
            table.extend([id, offset].map(u32::to_le_bytes).concat());
            table
        };
        let mut section =
            [table(RT_VERSION, 0x8000_0000 | 0x18), table(1, 0x8000_0000 | 0x30), table(0x409, 72)].concat();
        section.extend([address + 88, info.len() as u32, 0, 0].map(u32::to_le_bytes).concat());
        section.extend(info);
        section
    }

    #[test]
    fn texts_of_a_resource() {
        let section =
            section(0x4000, &[("InternalName", "A.dll"), ("FileVersion", " 1.2.3.4 "), ("Comments", "")]);
        let found = texts(&section, 0x4000);
        assert_eq!(found.get("InternalName").map(String::as_str), Some("A.dll"));
        assert_eq!(found.get("FileVersion").map(String::as_str), Some("1.2.3.4"));
        assert_eq!(found.len(), 2);
        assert!(texts(&section, 0x5000).is_empty());
    }

    #[test]
    fn whatever_comes_is_answered() {
        let section = section(0, &[("A", "b"), ("C", "d")]);
        for end in 0..section.len() {
            texts(&section[..end], 0);
        }
        for at in 0..section.len() {
            for mask in [1, 0x80, 0xff] {
                let mut bytes = section.clone();
                bytes[at] ^= mask;
                texts(&bytes, 0);
            }
        }
    }
}
