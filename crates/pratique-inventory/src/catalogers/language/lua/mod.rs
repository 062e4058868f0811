//! Lua: the rocks that LuaRocks installs.

pub mod rockspec;
mod script;
mod tokens;
mod value;

pub use rockspec::LuaRockspec;
