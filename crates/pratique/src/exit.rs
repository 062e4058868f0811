//! Exit codes, which are a contract.

use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done; clean, or below the threshold.
    Clean,
    /// 1, or what `--exit-code` says: the gate failed.
    Gate(u8),
    /// 3: it could not be done, or not wholly where `--strict` asks for that.
    Failed,
}

// Usage errors end with 2: clap sees to that.

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => ExitCode::SUCCESS,
            Exit::Gate(code) => ExitCode::from(code),
            Exit::Failed => ExitCode::from(3),
        }
    }
}
