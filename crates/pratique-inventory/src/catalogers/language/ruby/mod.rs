//! Ruby: the gems that Bundler locked, and those that are installed.

mod gemfile_lock;
mod gemspec;

pub use gemfile_lock::GemfileLock;
pub use gemspec::Gemspec;
