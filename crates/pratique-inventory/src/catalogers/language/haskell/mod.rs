//! Haskell: what Cabal and Stack were told to build with.

pub mod freeze;
pub mod stack;

pub use freeze::HaskellFreeze;
pub use stack::HaskellStack;
