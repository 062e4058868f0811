//! Haskell: what Cabal and Stack were told to build with.

pub mod freeze;

pub use freeze::HaskellFreeze;
