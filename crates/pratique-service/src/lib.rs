//! The operations of the system, each written down once.

pub mod access;
pub mod immutability;
pub mod invalid;
pub mod lifecycle;
pub mod names;
pub mod scanning;
