//! Programs packed by UPX: their code and data are compressed, and with them all that could be read.

use memchr::memmem;

use super::layout::{Format, Layout};

/// Whether the program that begins with `head` is packed by UPX.
///
/// The bytes `UPX!` alone prove nothing: UPX itself and every scanner hold them. They are believed where the
/// packer puts them (UPX's `l_info`, its loader header): directly behind the program headers of an ELF file,
/// or in the load commands of a Mach-O file; Windows programs are known by their sections `UPX0` and `UPX1`.
pub(super) fn packed(layout: &Layout, head: &[u8]) -> bool {
    const MARK: &[u8] = b"UPX!";
    match layout.format {
        Format::Elf => {
            // The loader header begins with a checksum of four bytes; padding before it is possible.
            let from = usize::try_from(layout.headers_end).unwrap_or(usize::MAX);
            let behind = head.get(from..).unwrap_or_default();
            memmem::find(behind.get(..64).unwrap_or(behind), MARK).is_some()
        }
        Format::Pe => layout.section(b"UPX0").is_some() && layout.section(b"UPX1").is_some(),
        Format::MachO => layout.section(b"upxTEXT").is_some(),
        Format::FatMachO => false,
    }
}
