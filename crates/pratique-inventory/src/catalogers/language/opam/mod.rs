//! opam: packages of OCaml, by their own files and by the state of the switch that they are installed in.

pub mod fields;
pub mod package;
pub mod switch;

pub use package::OpamPackage;
pub use switch::OpamSwitch;

/// `("alcotest", "1.5.0")` of `alcotest.1.5.0`: a name has no full stop.
fn name_and_version(text: &str) -> Option<(&str, &str)> {
    text.split_once('.').filter(|(name, version)| !name.is_empty() && !version.is_empty())
}
