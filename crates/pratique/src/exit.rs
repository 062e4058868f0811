//! Exit codes, which are a contract.

use std::{error::Error, fmt, process::ExitCode};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done; clean, or below the threshold.
    Clean,
    /// 1, or what `--exit-code` says: the gate failed.
    Gate(u8),
    /// 2: wrong usage that shows only once the arguments are put together; clap tells the rest.
    Usage,
    /// 3: it could not be done, or not wholly where `--strict` asks for that.
    Failed,
}

/// Wrong usage, in a sentence: an error of this kind anywhere in the chain ends with [`Exit::Usage`].
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for WrongUsage {}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => ExitCode::SUCCESS,
            Exit::Gate(code) => ExitCode::from(code),
            Exit::Usage => ExitCode::from(2),
            Exit::Failed => ExitCode::from(3),
        }
    }
}
