//! Decoding tables of Huffman codes (RFC 1951, section 3.2.2).
//!
//! The first bits of the input choose an entry; a codeword that is longer leads to a table of its
//! own behind the first. An entry holds all that the decoder needs to act, so that the usual symbol costs one look-up:
//!
//! ```text
//! bit 31      a literal
//! bit 15      something else than a literal or a length: see the next two
//! bit 14      the codeword is longer: bits 16..31 are where its table begins, bits 8..12 the table's own bits
//! bit 13      end of the block
//! bits 16..31 the literal, or the base of a length or distance
//! bits 8..12  bits of the codeword
//! bits 0..7   bits of codeword and extra bits together: what is taken from the input
//! ```
//!
//! Bit 15 alone marks what no codeword leads to, and codewords that stand for nothing.

/// Marks of entries.
pub(crate) const LITERAL: u32 = 1 << 31;
pub(crate) const SPECIAL: u32 = 1 << 15;
pub(crate) const LONGER: u32 = 1 << 14;
pub(crate) const END: u32 = 1 << 13;

/// Longest codeword, in bits.
const MAX_BITS: usize = 15;

/// Bits that a primary table of literals and lengths looks at.
pub(crate) const LITERAL_BITS: u32 = 11;
/// Bits that a primary table of distances looks at.
pub(crate) const DISTANCE_BITS: u32 = 8;
/// Bits of the table for code lengths, whose codewords have at most that many.
pub(crate) const PRECODE_BITS: u32 = 7;

/// Most entries that tables of literals and lengths can need: at most 288 symbols of up to 15 bits, looked up by 11.
pub(crate) const LITERAL_ENTRIES: usize = 2342;
/// Most entries that tables of distances can need: at most 32 symbols of up to 15 bits, looked up by 8.
pub(crate) const DISTANCE_ENTRIES: usize = 402;
pub(crate) const PRECODE_ENTRIES: usize = 1 << PRECODE_BITS;

/// What codewords stand for: the entry of each symbol without its codeword's bits.
pub(crate) type Meaning = fn(usize) -> u32;

/// Literals 0 to 255, the end of a block, and lengths (section 3.2.5). Symbols 286 and 287 mean nothing.
pub(crate) fn literal_or_length(symbol: usize) -> u32 {
    const BASE: [u16; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
        195, 227, 258,
    ];
    const EXTRA: [u8; 29] =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    match symbol {
        0..256 => LITERAL | (symbol as u32) << 16,
        256 => SPECIAL | END,
        _ => match (BASE.get(symbol - 257), EXTRA.get(symbol - 257)) {
            (Some(&base), Some(&extra)) => u32::from(base) << 16 | u32::from(extra),
            _ => SPECIAL,
        },
    }
}

/// Distances (section 3.2.5). Symbols 30 and 31 mean nothing.
pub(crate) fn distance(symbol: usize) -> u32 {
    if symbol >= 30 {
        return SPECIAL;
    }
    let extra = (symbol / 2).saturating_sub(1) as u32;
    let base = if symbol < 2 { symbol as u32 + 1 } else { ((2 + (symbol as u32 & 1)) << extra) + 1 };
    base << 16 | extra
}

/// Lengths of codewords (section 3.2.7).
pub(crate) fn precode(symbol: usize) -> u32 {
    (symbol as u32) << 16
}

/// Fills `table` for codewords of these lengths (0: the symbol has none). `false` if no such code can be: it has more
/// codewords than fit, or fewer than there is room for. As zlib does, a code of a single codeword of one bit passes
/// where `may_be_single`, and one without any codeword too.
pub(crate) fn build(
    table: &mut [u32],
    bits: u32,
    lengths: &[u8],
    meaning: Meaning,
    may_be_single: bool,
) -> bool {
    let mut count = [0u16; MAX_BITS + 1];
    for &length in lengths {
        count[usize::from(length) & MAX_BITS] += 1;
    }
    count[0] = 0;
    let longest = (1..=MAX_BITS).rev().find(|&length| count[length] > 0).unwrap_or(0);
    let mut room = 1i32;
    for &count in &count[1..] {
        room = (room << 1) - i32::from(count);
        if room < 0 {
            return false;
        }
    }
    if room > 0 && !(may_be_single && longest <= 1) {
        return false;
    }
    // Symbols in the order of their codewords.
    let mut first = [0u16; MAX_BITS + 2];
    for length in 1..=MAX_BITS {
        first[length + 1] = first[length] + count[length];
    }
    let mut sorted = [0u16; 288];
    for (symbol, &length) in lengths.iter().enumerate() {
        let length = usize::from(length) & MAX_BITS;
        if length > 0 {
            if let Some(place) = sorted.get_mut(usize::from(first[length])) {
                *place = symbol as u16;
            }
            first[length] += 1;
        }
    }
    fill(table, bits, &count, &sorted, meaning);
    true
}

/// Walks through the codewords in order, shortest first, and writes each wherever its bits lead.
fn fill(table: &mut [u32], bits: u32, count: &[u16; MAX_BITS + 1], sorted: &[u16; 288], meaning: Meaning) {
    let primary = 1usize << bits;
    if let Some(table) = table.get_mut(..primary) {
        table.fill(SPECIAL);
    }
    let mut symbols = sorted.iter();
    // The codeword as the input has it: its first bit lowest.
    let mut code = 0usize;
    let mut next = primary;
    let mut prefix = usize::MAX;
    let (mut start, mut own) = (0usize, 0u32);
    for length in 1..=MAX_BITS as u32 {
        for left in (1..=count[length as usize]).rev() {
            let Some(&symbol) = symbols.next() else { return };
            let means = meaning(usize::from(symbol));
            if length <= bits {
                write(table, code, 1 << length, primary, entry(means, length));
            } else {
                if code & (primary - 1) != prefix {
                    prefix = code & (primary - 1);
                    // As many bits as the codewords with this beginning need.
                    own = length - bits;
                    let mut room = 1i32 << own;
                    let mut others = i32::from(left);
                    while room - others > 0 && bits + own < MAX_BITS as u32 {
                        room = (room - others) << 1;
                        own += 1;
                        others = i32::from(count[(bits + own) as usize]);
                    }
                    start = next;
                    next += 1 << own;
                    if let Some(entry) = table.get_mut(prefix) {
                        *entry = SPECIAL | LONGER | (start as u32) << 16 | own << 8 | bits;
                    }
                    if let Some(table) = table.get_mut(start..next) {
                        table.fill(SPECIAL);
                    }
                }
                let Some(table) = table.get_mut(start..next) else { return };
                write(table, code >> bits, 1 << (length - bits), 1 << own, entry(means, length - bits));
            }
            // The next codeword: one more, counted from the codeword's last bit, which is the highest here.
            let mut bit = 1usize << (length - 1);
            while code & bit != 0 {
                code ^= bit;
                bit >>= 1;
            }
            code |= bit;
        }
    }
}

fn entry(means: u32, length: u32) -> u32 {
    // A literal or special entry takes its codeword; lengths and distances take their extra bits with it.
    means + (length << 8 | length)
}

fn write(table: &mut [u32], first: usize, step: usize, end: usize, entry: u32) {
    let mut at = first;
    while at < end {
        if let Some(place) = table.get_mut(at) {
            *place = entry;
        }
        at += step;
    }
}
