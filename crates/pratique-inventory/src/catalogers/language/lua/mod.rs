//! Lua: the rocks that LuaRocks installs.

pub mod rockspec;
mod script;

pub use rockspec::LuaRockspec;
