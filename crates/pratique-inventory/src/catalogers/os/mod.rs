//! What operating systems install.
