//! R: packages in its libraries, and what renv locked.

pub mod description;
pub mod renv;

pub use description::RDescription;
pub use renv::RenvLock;
