//! The operations of the system, each written down once.
