//! What goes to the terminal, and how: results to standard output, everything else to standard error.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use pratique_inventory::Costs;
use pratique_report::{Coverage, layout::printable, notes::Reason};

/// Width that results are fitted to when standard output is no terminal.
const WIDTH_OF_A_PIPE: usize = 120;

/// Columns of the terminal: `COLUMNS`, else what the terminal says, else [`WIDTH_OF_A_PIPE`].
pub(crate) fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    told.or_else(asked).unwrap_or(WIDTH_OF_A_PIPE).clamp(60, 240)
}

/// Whether a person watches standard error.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Prints `error` with everything that led to it, one cause a line; causes that say nothing new are left out.
pub(crate) fn error(error: &anyhow::Error) {
    let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
    let mut to = anstream::stderr().lock();
    let mut told = String::new();
    for (index, cause) in error.chain().map(|cause| printable(&cause.to_string()).into_owned()).enumerate() {
        if told.contains(&cause) {
            continue;
        }
        let _ = match index {
            0 => writeln!(to, "{red}error{red:#}: {cause}"),
            _ => writeln!(to, "  because: {cause}"),
        };
        told.push_str(&cause);
    }
}

/// Prints a line to standard error, unless nobody wants to hear.
pub(crate) fn note(quiet: bool, text: &str) {
    if !quiet {
        let _ = writeln!(anstream::stderr().lock(), "{}", printable(text));
    }
}

/// Prints a warning to standard error, unless nobody wants to hear.
pub(crate) fn warn(quiet: bool, text: &str) {
    let yellow = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
    if !quiet {
        let _ = writeln!(anstream::stderr().lock(), "{yellow}warning{yellow:#}: {}", printable(text));
    }
}

/// Warns of every file that could not be read.
pub(crate) fn unread(quiet: bool, coverage: &Coverage) {
    for note in coverage.notes().iter().filter(|note| note.reason == Reason::NotRead) {
        warn(quiet, &note.to_string());
    }
}

/// Prints what catalogers took to standard error.
pub(crate) fn costs(costs: &Costs) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let mut to = anstream::stderr().lock();
    let all = costs.by_cataloger();
    if all.is_empty() && costs.passes().is_zero() {
        let _ = writeln!(
            to,
            "nothing was read: what is in the layers was remembered by an earlier run (--no-cache reads them anew)"
        );
        return;
    }
    let _ = writeln!(to, "{:<32}{:>9}{:>14}{:>12}", "cataloger", "files", "bytes", "ms");
    for (name, cost) in &all {
        let time = milliseconds(cost.time);
        let _ = writeln!(to, "{name:<32}{:>9}{:>14}{time:>12.2}", cost.files, cost.bytes);
    }
    let catalogers = all.iter().map(|(_, cost)| cost.time).sum();
    let rest = milliseconds(costs.passes().saturating_sub(catalogers));
    let _ = writeln!(to, "{:<55}{rest:>12.2}", "fetching, expanding, hashing and walking layers");
    let _ = writeln!(to, "{:<55}{:>12.2}", "all layers, one after the other", milliseconds(costs.passes()));
}

/// What a result consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text for people, in colours that stay only where a terminal shows them.
    Styled,
    /// A document for programs, written byte by byte as it is.
    Document,
}

/// Writes text for people to standard output; a reader that stopped reading is not our failure.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    show(Content::Styled, None, write)
}

/// Writes a result to a file, or to standard output.
///
/// A file is written to a temporary name first, so that nobody reads half of it.
///
/// # Errors
/// When the file or standard output cannot be written.
pub(crate) fn show(
    content: Content,
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    if let Some(path) = file {
        return write_file(content, path, write)
            .with_context(|| format!("{} could not be written", path.display()));
    }
    let stdout: Box<dyn Write> = match content {
        Content::Styled => Box::new(anstream::stdout().lock()),
        Content::Document => Box::new(io::stdout().lock()),
    };
    let mut buffered = io::BufWriter::with_capacity(64 << 10, stdout);
    match write(&mut buffered).and_then(|()| buffered.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

fn write_file(
    content: Content,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    match content {
        Content::Styled => write(&mut anstream::StripStream::new(&mut bytes as &mut dyn Write))?,
        Content::Document => write(&mut bytes)?,
    }
    // A device or pipe (/dev/stdout, a named pipe) cannot be renamed onto.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, bytes);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(&bytes)?;
    let mode = fs::metadata(path).map_or_else(|_| default_mode(), |known| Ok(known.permissions()))?;
    temporary.as_file().set_permissions(mode)?;
    temporary.persist(path).map(drop).map_err(|error| error.error)
}

/// Lets a temporary file be read by whoever may read a new file.
pub(crate) fn readable(file: &fs::File) -> io::Result<()> {
    file.set_permissions(default_mode()?)
}

/// The permissions that a new file gets: temporary files are for their owner alone.
fn default_mode() -> io::Result<fs::Permissions> {
    let probe = tempfile::Builder::new().make(|path| fs::File::create_new(path))?;
    Ok(probe.as_file().metadata()?.permissions())
}
