//! in the works
