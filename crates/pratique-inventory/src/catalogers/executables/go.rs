//! Go's build information: with which Go, from which modules and with which settings a program was built.
//!
//! The facts are those of Go's `debug/buildinfo` (what `go version -m` reads) and of its linker. A header of
//! 32 bytes, aligned to 16, lies in the first data the program may write to, mostly in a section of its own:
//!
//! * 14 bytes magic, a byte with the size of a pointer, a byte of flags;
//! * since Go 1.18 (flag 2) the toolchain's version and the module list follow the header, each a text
//!   preceded by its length;
//! * before, the header holds two pointers to Go strings (address and length), which lie elsewhere: those of
//!   the version and the modules in read-only data, which comes *before* the header in the file.
//!
//! Traps:
//! * Programs hold the magic as a constant (everything that imports `debug/buildinfo`), and whole programs as
//!   data (`go:embed`). Only an aligned header inside the program's own writable data is its own.
//! * For the old form the texts have passed by when the header comes. So module lists, which have a mark of 16
//!   bytes at either end, and texts that look like a version are remembered with their offsets; the pointers
//!   decide later. A version that no pointer confirms is not stated.
//! * In position-independent programs of old Gos the pointers may be filled in by the loader and be zero in
//!   the file. Then the module list is known by its marks and the version is not known.

use memchr::memmem::Finder;

use super::{
    Appetite, Detector,
    layout::{Fields, Layout, Segment},
    module_info::{self, is_version},
    window::{Tap, Window},
};
use crate::Reading;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: u64 = 16;
const HEADER: usize = 32;

/// The marks around a module list: `infoStart` and `infoEnd` of Go's `cmd/go/internal/modload`.
const LIST_START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const LIST_END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";

/// How the versions of old Gos begin.
const OLD_VERSION: &[u8] = b"go1.";

/// Longest text that is read. The module lists of the largest programs have some 50 KiB.
const LONGEST: usize = 4 << 20;

/// Longest version text that is remembered: `go1.17.13 X:regabi,fieldtrack` and the like.
const LONGEST_VERSION: usize = 64;

/// Most texts like versions, and most module lists, that are remembered.
const MOST_VERSIONS: usize = 8192;
const MOST_LISTS: usize = 4;

/// Looks for Go's build information.
pub(super) struct BuildInfo {
    layout: Layout,
    magic: Finder<'static>,
    list_start: Finder<'static>,
    old_version: Finder<'static>,
    state: State,
    /// A header with texts behind it that lies where the program's own cannot lie.
    elsewhere: Option<Texts>,
    carried: Vec<u64>,
    /// Texts that begin like a version, with their offsets: for pointers that come later.
    versions: Vec<(u64, [u8; LONGEST_VERSION])>,
    lists: Vec<Gathering>,
}

enum State {
    /// No header yet.
    Searching,
    /// The header has been found, the texts behind it are being gathered.
    Inline(Texts),
    /// The header has been found, its pointers are being followed.
    Pointers(Box<Pointers>),
    /// Both texts are known.
    Done { version: String, modules: Option<Vec<u8>> },
}

/// The two texts behind a header.
struct Texts {
    offset: u64,
    bytes: Vec<u8>,
}

/// The two pointers of an old header, and how far they have been followed.
struct Pointers {
    wide: bool,
    big_endian: bool,
    version_string: Option<Tap>,
    version_text: Option<Tap>,
    version: Option<String>,
    modules_string: Option<Tap>,
    modules_offset: Option<u64>,
}

/// A module list between its marks, while it passes by.
struct Gathering {
    offset: u64,
    bytes: Vec<u8>,
    whole: bool,
}

impl BuildInfo {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            layout: layout.clone(),
            magic: Finder::new(MAGIC),
            list_start: Finder::new(LIST_START),
            old_version: Finder::new(OLD_VERSION),
            state: State::Searching,
            elsewhere: None,
            carried: Vec::new(),
            versions: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Whether the program's own header may lie at this offset of the file.
    fn own(&self, offset: u64) -> bool {
        if let Some(section) = self.layout.section(b"__go_buildinfo") {
            return offset.checked_sub(section.offset).is_some_and(|into| into < section.size);
        }
        let mut data = self.layout.segments.iter().filter(|segment| segment.data).peekable();
        // Without a table of segments there is nothing to hold against it.
        data.peek().is_none() || data.any(|segment: &Segment| segment.holds(offset))
    }

    fn search(&mut self, window: &Window<'_>) {
        let magic = self.magic.clone();
        for at in window.find(&magic) {
            let offset = window.offset_of(at);
            let Some(header) = window.from(at).first_chunk::<HEADER>() else { continue };
            let own = offset.is_multiple_of(ALIGNMENT) && self.own(offset);
            let (pointer_size, flags) = (header[14], header[15]);
            if flags & 2 != 0 {
                let mut texts = Texts { offset, bytes: Vec::new() };
                texts.extend(window);
                if own {
                    if texts.read().is_plausible() {
                        self.state = State::Inline(texts);
                        return;
                    }
                } else if self.elsewhere.is_none() {
                    self.elsewhere = Some(texts);
                    self.settle_elsewhere();
                }
            } else if matches!(pointer_size, 4 | 8) && flags & !1 == 0 && own {
                self.follow(header, window);
                return;
            }
        }
    }

    /// Begins to follow the pointers of an old header.
    fn follow(&mut self, header: &[u8; HEADER], window: &Window<'_>) {
        let (wide, big_endian) = (header[14] == 8, header[15] & 1 != 0);
        let fields = Fields { bytes: header, big_endian };
        let string_at = |address: Option<u64>| -> Option<Tap> {
            // Zero: the loader fills it in.
            let offset = self.layout.offset_of_address(address.filter(|&address| address != 0)?)?;
            // What lies before this window has passed.
            (offset >= window.offset).then(|| Tap::new(offset, if wide { 16 } else { 8 }))
        };
        self.state = State::Pointers(Box::new(Pointers {
            wide,
            big_endian,
            version_string: string_at(fields.word(wide, 16, 16)),
            version_text: None,
            version: None,
            modules_string: string_at(fields.word(wide, 24, 20)),
            modules_offset: None,
        }));
    }

    /// Whether the texts of the header elsewhere are whole and make sense: then it is another program's.
    fn settle_elsewhere(&mut self) {
        let Some(texts) = &self.elsewhere else { return };
        match texts.read() {
            Decoded::Whole { version, .. } => {
                if is_version(&version) && self.carried.len() < MOST_LISTS {
                    self.carried.push(texts.offset);
                }
                self.elsewhere = None;
            }
            Decoded::Malformed => self.elsewhere = None,
            Decoded::Unfinished => {}
        }
    }

    /// Remembers what an old header may point to.
    fn remember(&mut self, window: &Window<'_>) {
        for at in window.find(&self.old_version) {
            if self.versions.len() == MOST_VERSIONS {
                break;
            }
            let mut text = [0; LONGEST_VERSION];
            let seen = window.from(at);
            let length = seen.len().min(LONGEST_VERSION);
            text[..length].copy_from_slice(&seen[..length]);
            self.versions.push((window.offset_of(at), text));
        }
        for list in self.lists.iter_mut().filter(|list| !list.whole) {
            list.take(window.own());
        }
        for at in window.find(&self.list_start) {
            if self.lists.len() == MOST_LISTS {
                break;
            }
            let mut list = Gathering { offset: window.offset_of(at), bytes: Vec::new(), whole: false };
            list.take(window.own().get(at..).unwrap_or_default());
            self.lists.push(list);
        }
        self.lists.retain(|list| list.bytes.len() <= LONGEST);
    }
}

impl Detector for BuildInfo {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        if let Some(texts) = &mut self.elsewhere {
            texts.extend(window);
            self.settle_elsewhere();
        }
        match &mut self.state {
            State::Searching => {
                self.search(window);
                if !matches!(self.state, State::Inline(_)) {
                    self.remember(window);
                }
            }
            State::Inline(texts) => texts.extend(window),
            State::Pointers(_) => self.remember(window),
            State::Done { .. } => {}
        }
        if let State::Pointers(pointers) = &mut self.state {
            pointers.advance(window, &self.layout, &self.versions);
        }
        if let State::Inline(texts) = &self.state {
            match texts.read() {
                Decoded::Whole { version, modules } if is_version(&version) => {
                    self.state = State::Done { version, modules };
                }
                Decoded::Unfinished => {}
                // Nothing but chance, or damage: what is wrong with it nobody can tell.
                Decoded::Whole { .. } | Decoded::Malformed => self.state = State::Searching,
            }
        }
        if matches!(self.state, State::Done { .. }) { Appetite::Enough } else { Appetite::More }
    }

    fn finish(&mut self, reading: &mut Reading) {
        match std::mem::replace(&mut self.state, State::Searching) {
            State::Searching => {}
            State::Inline(texts) => reading.problem(format!(
                "Go's build information at offset {} breaks off: its modules are not known",
                texts.offset
            )),
            State::Done { version, modules } => {
                module_info::state(Some(&version), modules.as_deref().unwrap_or_default(), reading);
            }
            State::Pointers(pointers) => {
                let whole = self.lists.iter().filter(|list| list.whole);
                let pointed = whole.clone().find(|list| Some(list.offset) == pointers.modules_offset);
                let list = match pointed {
                    Some(list) => Some(list),
                    // One list, and no pointer that says otherwise: it is the program's.
                    None if pointers.modules_offset.is_none() && whole.clone().count() == 1 => {
                        whole.clone().next()
                    }
                    None => None,
                };
                if pointers.version.is_none() {
                    reading.problem(
                        "it was built by a Go before 1.18 whose version could not be found: its standard \
                         library is not stated",
                    );
                }
                let modules = list.map(|list| list.bytes.clone()).unwrap_or_default();
                module_info::state(pointers.version.as_deref(), &modules, reading);
            }
        }
        for offset in self.carried.drain(..) {
            reading.problem(format!(
                "it carries another Go program as data, whose build information at offset {offset} was not \
                 looked into"
            ));
        }
    }
}

enum Decoded {
    Whole { version: String, modules: Option<Vec<u8>> },
    Unfinished,
    Malformed,
}

impl Decoded {
    /// Whether it is, or may become, what a Go linker wrote.
    fn is_plausible(&self) -> bool {
        match self {
            Self::Whole { version, .. } => is_version(version),
            Self::Unfinished => true,
            Self::Malformed => false,
        }
    }
}

impl Texts {
    /// Adds what follows; a header near the end of one window has its texts in the next.
    fn extend(&mut self, window: &Window<'_>) {
        let next = (self.offset + HEADER as u64).saturating_add(self.bytes.len() as u64);
        let from = next.saturating_sub(window.offset);
        let own = window.own();
        self.bytes
            .extend_from_slice(own.get(usize::try_from(from).unwrap_or(usize::MAX)..).unwrap_or_default());
    }

    fn read(&self) -> Decoded {
        let mut rest = &*self.bytes;
        let version = match text(&mut rest) {
            Ok(version) => version,
            Err(unfinished) => return unfinished,
        };
        let modules = match text(&mut rest) {
            Ok(modules) => modules,
            Err(unfinished) => return unfinished,
        };
        match std::str::from_utf8(version) {
            Ok(version) => Decoded::Whole { version: version.into(), modules: Some(modules.into()) },
            Err(_) => Decoded::Malformed,
        }
    }
}

/// A text preceded by its length, which is a little-endian base-128 number.
fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Decoded> {
    let mut length = 0_usize;
    for (i, &byte) in rest.iter().enumerate() {
        // Four groups of seven bits are more than the longest text needs.
        if i == 4 {
            return Err(Decoded::Malformed);
        }
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            if length > LONGEST {
                return Err(Decoded::Malformed);
            }
            let Some(text) = rest.get(i + 1..i + 1 + length) else { return Err(Decoded::Unfinished) };
            *rest = rest.get(i + 1 + length..).unwrap_or_default();
            return Ok(text);
        }
    }
    Err(Decoded::Unfinished)
}

impl Pointers {
    fn advance(&mut self, window: &Window<'_>, layout: &Layout, seen: &[(u64, [u8; LONGEST_VERSION])]) {
        let (wide, big_endian) = (self.wide, self.big_endian);
        // A Go string is the address of its text and its length.
        let string = |tap: &mut Option<Tap>| -> Option<(u64, usize)> {
            let filled = tap.as_mut()?;
            filled.feed(window);
            let fields = Fields { bytes: filled.whole()?, big_endian };
            let found = (fields.word(wide, 0, 0)?, usize::try_from(fields.word(wide, 8, 4)?).ok()?);
            *tap = None;
            Some((layout.offset_of_address(found.0)?, found.1))
        };
        if let Some((offset, _)) = string(&mut self.modules_string) {
            self.modules_offset = Some(offset);
        }
        if let Some((offset, length)) = string(&mut self.version_string)
            && length <= LONGEST_VERSION
        {
            let passed = seen.iter().find(|(at, _)| *at == offset).and_then(|(_, text)| text.get(..length));
            match passed {
                Some(text) => self.version = version_text(text),
                None if offset >= window.offset => self.version_text = Some(Tap::new(offset, length)),
                None => {}
            }
        }
        if let Some(tap) = &mut self.version_text {
            tap.feed(window);
            if let Some(text) = tap.whole() {
                self.version = version_text(text);
                self.version_text = None;
            }
        }
    }
}

fn version_text(text: &[u8]) -> Option<String> {
    std::str::from_utf8(text).ok().filter(|text| is_version(text)).map(str::to_owned)
}

impl Gathering {
    /// Takes what follows, up to the end mark.
    fn take(&mut self, bytes: &[u8]) {
        let searched = self.bytes.len().saturating_sub(LIST_END.len());
        let room = (LONGEST + 1).saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let tail = self.bytes.get(searched..).unwrap_or_default();
        if let Some(end) = memchr::memmem::find(tail, LIST_END) {
            self.bytes.truncate(searched + end + LIST_END.len());
            self.whole = true;
        }
    }
}
