//! .NET assemblies: managed code in a Windows program, on every system.
//!
//! ECMA-335, II.25: an assembly is a PE file whose fifteenth data directory (the CLI header) is there. What it is
//! called and which version it has its compiler writes into the version resource too ([`version_info`]), where it
//! takes no knowledge of the metadata tables to find them: `InternalName` and `OriginalFilename` are the assembly's
//! file name, `ProductVersion` is `AssemblyInformationalVersion`, which the SDK sets to the version of the NuGet
//! package, with the commit behind a plus sign.
//!
//! So the name of an assembly is as good as always its package's; `ProductName` and `FileDescription`, which Syft
//! takes, are names for people (`Json.NET`). `FileVersion` has a build number as its fourth part (`13.0.3.27908`) and
//! is only asked where the other is no version.
//!
//! Native programs are not stated, although they have version resources: they come from no NuGet package that such a
//! resource would name. That holds for the launcher (`App.exe`) of an application as well. Nor are satellite
//! assemblies (`App.resources.dll`), which are texts of one that is.
//!
//! An assembly that a `*.deps.json` beside it accounts for is not stated again: `resolve::dotnet`.

use std::collections::BTreeMap;

use super::{
    Appetite, Detector,
    layout::{Fields, Format, Layout},
    version_info,
    window::{Tap, Window},
};
use crate::{Fact, PackageKind, Reading, Stated};

/// The detail that an assembly's file name is kept under: only assemblies have it.
pub(crate) const ASSEMBLY: &str = "assembly";

/// Most bytes of the resources that are kept. Assemblies rarely have icons in it.
const LONGEST: u64 = 4 << 20;

/// Looks for the version of an assembly.
pub(super) struct Assembly {
    /// Where its resources are in memory.
    address: u32,
    resources: Tap,
}

impl Assembly {
    /// `None` when `head`, the first window of the file with this layout, begins no assembly.
    ///
    /// The resources of one are in a section `.rsrc`, but in `.text` of one that was compiled ahead of time, as all of a
    /// shared runtime are.
    pub(super) fn of(layout: &Layout, head: &[u8]) -> Option<Self> {
        const RESOURCES: usize = 2;
        const CLI: usize = 14;
        if layout.format != Format::Pe {
            return None;
        }
        let fields = Fields { bytes: head, big_endian: false };
        let optional = fields.u32(0x3c)? as usize + 4 + 20;
        let fields = Fields { bytes: head.get(optional..)?, big_endian: false };
        let (base, count_at, directories) = match fields.u16(0)? {
            0x20b => (fields.u64(24)?, 108, 112),
            0x10b => (fields.u32(28)?.into(), 92, 96),
            _ => return None,
        };
        let directory = |index: usize| {
            let there = index < fields.u32(count_at)? as usize;
            let at = directories + 8 * index;
            let found = fields.u32(at).zip(fields.u32(at + 4));
            found.filter(|(address, size)| there && *address != 0 && *size != 0)
        };
        directory(CLI)?;
        let (address, size) = directory(RESOURCES)?;
        let offset = layout.offset_of_address(base.wrapping_add(address.into()))?;
        Some(Self { address, resources: Tap::new(offset, u64::from(size).min(LONGEST) as usize) })
    }
}

impl Detector for Assembly {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        self.resources.feed(window);
        if self.resources.whole().is_some() { Appetite::Enough } else { Appetite::More }
    }

    fn finish(&mut self, reading: &mut Reading) {
        let texts = version_info::texts(self.resources.bytes(), self.address);
        reading.facts.extend(stated(&texts).map(|stated| Fact::Package(Box::new(stated))));
    }
}

fn stated(texts: &BTreeMap<String, String>) -> Option<Stated> {
    let text = |name: &str| texts.get(name).map(String::as_str);
    let file = text("InternalName").or_else(|| text("OriginalFilename"))?;
    let name = without_ending(file);
    let is_satellite = name.len() > 10 && name.ends_with(".resources");
    if name.is_empty() || is_satellite || name.contains(['/', '\\', ' ']) {
        return None;
    }
    let product = text("ProductVersion").and_then(version);
    let version = product.or_else(|| text("FileVersion").and_then(version))?;
    let mut details = BTreeMap::from([(ASSEMBLY.to_owned(), file.to_owned())]);
    for (name, detail) in [
        ("FileVersion", "file_version"),
        ("Assembly Version", "assembly_version"),
        ("ProductName", "product"),
        ("CompanyName", "vendor"),
    ] {
        details.extend(text(name).map(|value| (detail.to_owned(), value.to_owned())));
    }
    Some(Stated {
        kind: PackageKind::NuGet,
        name: name.to_owned(),
        version: version.to_owned(),
        details,
        ..Stated::default()
    })
}

fn without_ending(file: &str) -> &str {
    let split = file.len().checked_sub(4).and_then(|at| file.split_at_checked(at));
    let known = |ending: &str| ending.eq_ignore_ascii_case(".dll") || ending.eq_ignore_ascii_case(".exe");
    split.filter(|(_, ending)| known(ending)).map_or(file, |(name, _)| name)
}

/// The version at the front of a text, without the commit behind a plus sign or a remark: `8.0.14+ba7…`,
/// `4.8.4161.0 built by: NET48REL1`.
fn version(text: &str) -> Option<&str> {
    let version = text.split(['+', ' ', '@']).next()?;
    let numbers = version.split('-').next()?;
    let is_version = numbers.contains('.')
        && numbers.split('.').all(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.is_empty());
    is_version.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::{super::window::slide, *};

    /// A 64-bit Windows program of one section with these texts; managed or not.
    fn program(managed: bool, texts: &[(&str, &str)]) -> Vec<u8> {
        const ADDRESS: u32 = 0x4000;
        let resources = version_info::tests::section(ADDRESS, texts);
        let mut bytes = vec![0; 0x400];
        bytes[..2].copy_from_slice(b"MZ");
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0x3c, &0x80_u32.to_le_bytes());
        put(0x80, b"PE\0\0");
        put(0x86, &1_u16.to_le_bytes());
        put(0x94, &240_u16.to_le_bytes());
        put(0x98, &0x20b_u16.to_le_bytes());
        put(0x98 + 108, &16_u32.to_le_bytes());
        put(0x98 + 112 + 16, &[ADDRESS, resources.len() as u32].map(u32::to_le_bytes).concat());
        if managed {
            put(0x98 + 112 + 14 * 8, &[0x2008_u32, 72].map(u32::to_le_bytes).concat());
        }
        put(0x98 + 240, b".rsrc\0\0\0");
        let size = resources.len() as u32;
        put(0x98 + 240 + 8, &[size, ADDRESS, size, 0x400].map(u32::to_le_bytes).concat());
        bytes.extend(resources);
        bytes
    }

    fn read(bytes: &[u8]) -> Reading {
        let mut reading = Reading::nothing();
        let Some(mut assembly) = Layout::of(bytes).and_then(|layout| Assembly::of(&layout, bytes)) else {
            return reading;
        };
        let body = &mut &bytes[..];
        slide(&[], body, bytes.len() as u64, |window| assembly.feed(window) == Appetite::More).unwrap();
        assembly.finish(&mut reading);
        reading
    }

    #[test]
    fn assemblies_by_their_version_resource() {
        let texts = [
            ("InternalName", "Newtonsoft.Json.dll"),
            ("ProductName", "Json.NET"),
            ("ProductVersion", "13.0.3+0a2e291c0d9c0c7675d445703e51750363a549ef"),
            ("FileVersion", "13.0.3.27908"),
        ];
        let reading = read(&program(true, &texts));
        assert_eq!(reading.names(), ["Newtonsoft.Json 13.0.3"]);
        assert_eq!(reading.packages().next().unwrap().details["file_version"], "13.0.3.27908");
        assert_eq!(read(&program(false, &texts)), Reading::nothing());
        let satellite = [("InternalName", "A.resources.dll"), ("ProductVersion", "1.0")];
        assert_eq!(read(&program(true, &satellite)), Reading::nothing());
    }

    #[test]
    fn versions_in_front_of_remarks() {
        for (text, expected) in [
            ("4.8.4161.0 built by: NET48REL1", Some("4.8.4161.0")),
            ("8.0.0-rc.1.23419.4+92959", Some("8.0.0-rc.1.23419.4")),
            ("9,0,1", None),
            ("v1.0", None),
            ("1", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    fn whatever_comes_is_answered() {
        let bytes = program(true, &[("InternalName", "A.dll"), ("ProductVersion", "1.0.0")]);
        for end in 0..bytes.len() {
            read(&bytes[..end]);
        }
        for at in 0..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[at] ^= 0xff;
            read(&hurt);
        }
    }
}
