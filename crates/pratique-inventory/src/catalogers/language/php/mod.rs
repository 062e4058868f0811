//! PHP: what Composer locked and installed, and the packages of PEAR and PECL. WordPress has a folder of its own.

mod composer_lock;
mod composer_package;
mod installed_json;
mod pear;
mod serialized;

pub use composer_lock::ComposerLock;
pub use installed_json::ComposerInstalled;
pub use pear::PearRegistry;
