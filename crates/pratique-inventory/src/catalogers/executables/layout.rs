//! What the head of a program says about the rest of it: where its segments lie in the file and in memory,
//! and where its sections are listed.
//!
//! * ELF: System V ABI, chapters 4 (object files, sections) and 5 (program loading). The section table
//!   commonly lies at the very end of the file, so only its place is known while the file streams past.
//! * PE: Microsoft's "PE Format": COFF header, optional header, section table, all at the start.
//! * Mach-O: `mach-o/loader.h`: load commands at the start; `mach-o/fat.h` for files of several programs.
//!
//! Traps: `0xCAFEBABE` begins fat Mach-O files and Java classes alike (a class has its version, at least 45,
//! where a fat file has the number of its programs); ELF and Mach-O come in both byte orders.

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Linux and the BSDs.
    Elf,
    /// Windows.
    Pe,
    /// macOS.
    MachO,
    /// Several Mach-O programs in one file.
    FatMachO,
}

impl Format {
    /// What `head` (at least 64 bytes of an honest program) begins, if it is a program at all.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head.first_chunk::<4>()? {
            b"\x7fELF" => Some(Self::Elf),
            [b'M', b'Z', ..] => Some(Self::Pe),
            b"\xfe\xed\xfa\xce" | b"\xfe\xed\xfa\xcf" | b"\xce\xfa\xed\xfe" | b"\xcf\xfa\xed\xfe" => {
                Some(Self::MachO)
            }
            b"\xca\xfe\xba\xbe" | b"\xca\xfe\xba\xbf" => {
                let programs = Fields { bytes: head, big_endian: true }.u32(4)?;
                (1..MOST_FAT_PROGRAMS).contains(&programs).then_some(Self::FatMachO)
            }
            _ => None,
        }
    }
}

/// Java's oldest class version is 45: from there on `0xCAFEBABE` begins a class.
const MOST_FAT_PROGRAMS: u32 = 45;

/// Most program headers, sections or load commands that are looked at in the head.
const MOST_RECORDS: usize = 4096;

/// A stretch of the file that is loaded into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where in the file.
    pub(super) offset: u64,
    /// How many bytes of the file.
    pub(super) size: u64,
    /// Where in memory.
    pub(super) address: u64,
    /// Whether the program may write to it and not execute it: data.
    pub(super) data: bool,
}

impl Segment {
    /// Whether the file offset lies in it.
    pub(super) fn holds(&self, offset: u64) -> bool {
        offset.checked_sub(self.offset).is_some_and(|into| into < self.size)
    }
}

/// A named stretch of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// Its name without padding; empty in ELF files, whose names lie elsewhere.
    pub(super) name: Vec<u8>,
    /// Where in the file.
    pub(super) offset: u64,
    /// How many bytes.
    pub(super) size: u64,
}

/// Where the sections are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sections {
    /// In the head (PE, Mach-O).
    Listed(Vec<Section>),
    /// In a table somewhere in the file (ELF).
    Table(SectionTable),
    /// Nowhere.
    Absent,
}

/// An ELF section header table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SectionTable {
    /// Where in the file.
    pub(super) offset: u64,
    entry: usize,
    count: usize,
    wide: bool,
    big_endian: bool,
}

impl SectionTable {
    /// Its length in bytes, at most 4 MiB: both factors are 16-bit numbers, and the entry is 40 or 64.
    pub(super) fn bytes(&self) -> usize {
        self.entry.saturating_mul(self.count)
    }

    /// The sections that have bytes in the file.
    pub(super) fn sections<'a>(&self, table: &'a [u8]) -> impl Iterator<Item = Section> + use<'a> {
        /// Takes no room in the file (`.bss`).
        const NOBITS: u32 = 8;
        let Self { big_endian, wide, .. } = *self;
        table.chunks_exact(self.entry.max(1)).filter_map(move |entry| {
            let fields = Fields { bytes: entry, big_endian };
            let (offset, size) = if wide {
                (fields.u64(24)?, fields.u64(32)?)
            } else {
                (fields.u32(16)?.into(), fields.u32(20)?.into())
            };
            (fields.u32(4)? != NOBITS).then_some(Section { name: Vec::new(), offset, size })
        })
    }
}

/// What the head of one program says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// What kind of program.
    pub(super) format: Format,
    /// What is loaded, in the order of the file's table.
    pub(super) segments: Vec<Segment>,
    /// Where its sections are told.
    pub(super) sections: Sections,
    /// End of the program headers (ELF): packers put their mark there.
    pub(super) headers_end: u64,
}

impl Layout {
    /// What `head`, the first window of the file, says. `None` when it is no program that runs: an object
    /// file, a core dump, a DOS program, or damage.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match Format::of(head)? {
            Format::Elf => elf(head),
            Format::Pe => pe(head),
            Format::MachO => mach_o(head),
            Format::FatMachO => None,
        }
    }

    /// Where in the file the byte lies that is loaded at `address`.
    pub(super) fn offset_of_address(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let into = address.checked_sub(segment.address)?;
            (into < segment.size).then(|| segment.offset.checked_add(into)).flatten()
        })
    }

    /// The listed section called `name`.
    pub(super) fn section(&self, name: &[u8]) -> Option<&Section> {
        match &self.sections {
            Sections::Listed(all) => all.iter().find(|section| section.name == name),
            _ => None,
        }
    }
}

/// Where the programs of a fat Mach-O file lie: offset and length, in the order of the file.
pub(super) fn fat_programs(head: &[u8]) -> Vec<(u64, u64)> {
    let fields = Fields { bytes: head, big_endian: true };
    let wide = head.first_chunk() == Some(b"\xca\xfe\xba\xbf");
    let count = fields.u32(4).unwrap_or(0).min(MOST_FAT_PROGRAMS) as usize;
    let place = |i: usize| -> Option<(u64, u64)> {
        if wide {
            let at = 8 + 32 * i;
            Some((fields.u64(at + 8)?, fields.u64(at + 16)?))
        } else {
            let at = 8 + 20 * i;
            Some((fields.u32(at + 8)?.into(), fields.u32(at + 12)?.into()))
        }
    };
    let mut programs: Vec<_> = (0..count).map_while(place).collect();
    programs.sort_unstable();
    programs
}

fn elf(head: &[u8]) -> Option<Layout> {
    const EXECUTABLE: u16 = 2;
    const SHARED: u16 = 3;
    const LOAD: u32 = 1;
    let wide = match head.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let fields = Fields { bytes: head, big_endian: *head.get(5)? == 2 };
    if !matches!(fields.u16(16)?, EXECUTABLE | SHARED) {
        return None;
    }
    let word = |wide_at, narrow_at| fields.word(wide, wide_at, narrow_at);
    let half = |wide_at, narrow_at| fields.u16(if wide { wide_at } else { narrow_at }).map(usize::from);
    let (headers_at, sections_at) = (word(32, 28)?, word(40, 32)?);
    let (header_size, headers) = (half(54, 42)?, half(56, 44)?.min(MOST_RECORDS));
    let (section_size, sections) = (half(58, 46)?, half(60, 48)?);

    let mut segments = Vec::new();
    for i in 0..headers {
        let Some(at) = usize::try_from(headers_at).ok().and_then(|at| at.checked_add(i * header_size)) else {
            break;
        };
        let Some(header) = head.get(at..) else { break };
        let fields = Fields { bytes: header, ..fields };
        let segment = || {
            let flags = fields.u32(if wide { 4 } else { 24 })?;
            let segment = Segment {
                offset: fields.word(wide, 8, 4)?,
                size: fields.word(wide, 32, 16)?,
                address: fields.word(wide, 16, 8)?,
                data: flags & 3 == 2,
            };
            Some((fields.u32(0)?, segment))
        };
        match segment() {
            Some((LOAD, segment)) => segments.push(segment),
            Some(_) => {}
            None => break,
        }
    }
    let table = SectionTable {
        offset: sections_at,
        entry: section_size,
        count: sections,
        wide,
        big_endian: fields.big_endian,
    };
    let usable = sections_at != 0 && sections != 0 && section_size == if wide { 64 } else { 40 };
    Some(Layout {
        format: Format::Elf,
        segments,
        sections: if usable { Sections::Table(table) } else { Sections::Absent },
        headers_end: headers_at.saturating_add((headers * header_size) as u64),
    })
}

fn pe(head: &[u8]) -> Option<Layout> {
    const EXECUTE: u32 = 0x2000_0000;
    const WRITE: u32 = 0x8000_0000;
    let fields = Fields { bytes: head, big_endian: false };
    let at = fields.u32(0x3c)? as usize;
    let coff = head.get(at..)?.strip_prefix(b"PE\0\0")?;
    let fields = Fields { bytes: coff, big_endian: false };
    let count = usize::from(fields.u16(2)?).min(MOST_RECORDS);
    let optional_size = usize::from(fields.u16(16)?);
    let base = match fields.u16(20)? {
        0x20b => fields.u64(20 + 24)?,
        0x10b => fields.u32(20 + 28)?.into(),
        _ => 0,
    };
    let mut layout =
        Layout { format: Format::Pe, segments: Vec::new(), sections: Sections::Absent, headers_end: 0 };
    let mut sections = Vec::new();
    for entry in coff.get(20 + optional_size..).unwrap_or_default().chunks_exact(40).take(count) {
        let fields = Fields { bytes: entry, big_endian: false };
        let flags = fields.u32(36)?;
        let (offset, size) = (fields.u32(20)?.into(), fields.u32(16)?.into());
        layout.segments.push(Segment {
            offset,
            size,
            address: base.wrapping_add(fields.u32(12)?.into()),
            data: flags & WRITE != 0 && flags & EXECUTE == 0,
        });
        sections.push(Section { name: unpadded(entry.get(..8)?), offset, size });
    }
    layout.sections = Sections::Listed(sections);
    Some(layout)
}

fn mach_o(head: &[u8]) -> Option<Layout> {
    const SEGMENT: u32 = 1;
    const SEGMENT_64: u32 = 0x19;
    const WRITE: u32 = 2;
    const EXECUTE: u32 = 4;
    let magic = head.first_chunk::<4>()?;
    let fields = Fields { bytes: head, big_endian: magic[0] == 0xfe };
    let wide = magic.contains(&0xcf);
    let commands = (fields.u32(16)? as usize).min(MOST_RECORDS);
    let mut rest = head.get(if wide { 32 } else { 28 }..)?;
    let (mut segments, mut sections) = (Vec::new(), Vec::new());
    for _ in 0..commands {
        let fields = Fields { bytes: rest, ..fields };
        let (Some(command), Some(size)) = (fields.u32(0), fields.u32(4)) else { break };
        let Some(body) = rest.get(..size as usize).filter(|body| body.len() >= 8) else { break };
        if command == if wide { SEGMENT_64 } else { SEGMENT } {
            let fields = Fields { bytes: body, ..fields };
            let protection = fields.u32(if wide { 60 } else { 44 })?;
            segments.push(Segment {
                offset: fields.word(wide, 40, 32)?,
                size: fields.word(wide, 48, 36)?,
                address: fields.word(wide, 24, 24)?,
                data: protection & WRITE != 0 && protection & EXECUTE == 0,
            });
            let count = (fields.u32(if wide { 64 } else { 48 })? as usize).min(MOST_RECORDS);
            let list = body.get(if wide { 72 } else { 56 }..).unwrap_or_default();
            for entry in list.chunks_exact(if wide { 80 } else { 68 }).take(count) {
                let fields = Fields { bytes: entry, ..fields };
                sections.push(Section {
                    name: unpadded(entry.get(..16)?),
                    offset: fields.u32(if wide { 48 } else { 40 })?.into(),
                    size: fields.word(wide, 40, 36)?,
                });
            }
        }
        rest = rest.get(size as usize..).unwrap_or_default();
        if sections.len() > MOST_RECORDS {
            break;
        }
    }
    Some(Layout { format: Format::MachO, segments, sections: Sections::Listed(sections), headers_end: 0 })
}

fn unpadded(name: &[u8]) -> Vec<u8> {
    name.split(|&b| b == 0).next().unwrap_or_default().to_vec()
}

/// Numbers at offsets, in either byte order.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    /// Where they are read from.
    pub(super) bytes: &'a [u8],
    /// Whether the most significant byte comes first.
    pub(super) big_endian: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(if self.big_endian { u16::from_be_bytes } else { u16::from_le_bytes })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(if self.big_endian { u32::from_be_bytes } else { u32::from_le_bytes })
    }

    pub(super) fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(if self.big_endian { u64::from_be_bytes } else { u64::from_le_bytes })
    }

    /// A number that is 64 bits wide at one place in wide files, and 32 at another in narrow ones.
    pub(super) fn word(&self, wide: bool, wide_at: usize, narrow_at: usize) -> Option<u64> {
        if wide { self.u64(wide_at) } else { self.u32(narrow_at).map(u64::from) }
    }
}
