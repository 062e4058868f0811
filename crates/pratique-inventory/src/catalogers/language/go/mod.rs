//! Go: what a module asks for (`go.mod`) and what it keeps copies of (`vendor/modules.txt`).
//!
//! What was built in, programs say themselves (`executables`). `go.sum` is not read: it holds checksums of every
//! module version that was ever looked at, most of which are in no build.

mod go_mod;
mod vendor;

pub use go_mod::GoMod;
pub use vendor::GoVendor;

/// Whether a replacement is a folder on disk and no module (Go Modules Reference, "replace directive"): the
/// path begins with `./` or `../`, or is absolute, on Windows too.
fn is_folder(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    path == "."
        || path == ".."
        || path.starts_with("./")
        || path.starts_with("../")
        || path.starts_with('/')
        || drive
        || path.contains('\\')
}
