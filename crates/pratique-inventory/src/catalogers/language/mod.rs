//! What language ecosystems install, lock and build in.
