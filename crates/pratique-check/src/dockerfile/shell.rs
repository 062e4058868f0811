//! Shell scripts, as much of them as checks need: the simple commands, their words, and what joins them.
//!
//! Quotes, escapes, comments, command substitutions and the operators of the POSIX shell (XCU 2) are told apart;
//! variables stay as they are written, because what they hold is known only when it runs.

/// A command and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// Its words without quotes; assignments before the command, and reserved words, left out.
    pub words: Vec<String>,
    /// Where it begins in the script.
    pub at: usize,
    /// Whether its output goes into the next one.
    pub piped: bool,
}

impl Simple {
    /// The program's name without its folder, whoever runs it: `sudo`, `env`, `exec`, … are looked through.
    pub fn program(&self) -> &str {
        self.invocation().first().map_or("", |word| name(word))
    }

    /// The words after the program.
    pub fn arguments(&self) -> &[String] {
        self.invocation().get(1..).unwrap_or_default()
    }

    /// The arguments that are no options.
    pub fn operands(&self) -> impl Iterator<Item = &str> {
        self.arguments().iter().map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// Whether one of `names` is among the options: `-y` also inside `-qy`.
    pub fn has(&self, names: &[&str]) -> bool {
        self.arguments().iter().any(|word| names.iter().any(|name| is_option(word, name)))
    }

    /// Whether the first words that are no options are `words`: `install` in `apt-get -y install`.
    pub fn says(&self, words: &[&str]) -> bool {
        let mut operands = self.operands();
        words.iter().all(|word| operands.next() == Some(*word))
    }

    fn invocation(&self) -> &[String] {
        let mut words = self.words.as_slice();
        while let [first, rest @ ..] = words
            && matches!(
                name(first),
                "sudo" | "env" | "exec" | "time" | "command" | "nohup" | "nice" | "eatmydata"
            )
        {
            let skip = rest.iter().take_while(|word| word.starts_with('-') || is_assignment(word)).count();
            let rest = rest.get(skip..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            words = rest;
        }
        words
    }
}

fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_option(word: &str, name: &str) -> bool {
    let value = |rest: &str| rest.is_empty() || rest.starts_with('=');
    if word.strip_prefix(name).is_some_and(value) {
        return true;
    }
    // Short ones may stand together.
    match (name.strip_prefix('-'), word.strip_prefix('-')) {
        (Some(short), Some(together)) if short.len() == 1 && !together.starts_with('-') => {
            together.bytes().all(|b| b.is_ascii_alphabetic()) && together.contains(short)
        }
        _ => false,
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// The simple commands of `script`, in order.
pub fn commands(script: &str) -> Vec<Simple> {
    let mut reader = Reader { bytes: script.as_bytes(), at: 0, found: Vec::new(), current: None, word: None };
    reader.read();
    reader.found
}

const RESERVED: [&str; 13] =
    ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}", "esac"];

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    found: Vec<Simple>,
    current: Option<Simple>,
    /// Bytes of the word in the making, where it began, and whether any of it was quoted.
    word: Option<(Vec<u8>, usize, bool)>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\r' => self.end_word(),
                b'\n' | b';' | b'(' | b')' => self.end_command(false),
                b'&' | b'|' => {
                    let is_redirection = byte == b'&' && self.ends_with_redirection();
                    if is_redirection {
                        self.push(byte);
                        continue;
                    }
                    let doubled = self.bytes.get(self.at) == Some(&byte);
                    // `|&` pipes as `|` does.
                    let both = byte == b'|' && self.bytes.get(self.at) == Some(&b'&');
                    self.at += usize::from(doubled || both);
                    self.end_command(byte == b'|' && !doubled);
                }
                b'#' if self.word.is_none() => {
                    while self.bytes.get(self.at).is_some_and(|&b| b != b'\n') {
                        self.at += 1;
                    }
                }
                b'\\' => match self.bytes.get(self.at) {
                    Some(b'\n') => self.at += 1,
                    Some(&next) => {
                        self.at += 1;
                        self.push(next);
                    }
                    None => {}
                },
                b'\'' | b'"' => self.quoted(byte),
                b'`' => self.substitution(b'`', b'`'),
                b'$' if self.bytes.get(self.at) == Some(&b'(') => {
                    self.push(b'$');
                    self.at += 1;
                    self.substitution(b'(', b')');
                }
                byte => self.push(byte),
            }
        }
        self.end_command(false);
    }

    fn ends_with_redirection(&self) -> bool {
        let before = self.at.checked_sub(2).and_then(|at| self.bytes.get(at));
        matches!(before, Some(b'>' | b'<')) || self.bytes.get(self.at) == Some(&b'>')
    }

    fn push(&mut self, byte: u8) {
        let at = self.at.saturating_sub(1);
        self.word.get_or_insert_with(|| (Vec::new(), at, false)).0.push(byte);
    }

    fn quoted(&mut self, quote: u8) {
        let at = self.at.saturating_sub(1);
        self.word.get_or_insert_with(|| (Vec::new(), at, true)).2 = true;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                byte if byte == quote => return,
                b'\\' if quote == b'"' => {
                    if let Some(&next) = self.bytes.get(self.at) {
                        self.at += 1;
                        if !matches!(next, b'"' | b'\\' | b'$' | b'`') {
                            self.push(b'\\');
                        }
                        self.push(next);
                    }
                }
                byte => self.push(byte),
            }
        }
    }

    /// A command substitution is part of a word, whatever stands in it.
    fn substitution(&mut self, open: u8, close: u8) {
        self.push(open);
        let mut depth = 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            self.push(byte);
            if byte == close {
                depth -= 1;
            } else if byte == open {
                depth += 1;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn end_word(&mut self) {
        let Some((bytes, at, quoted)) = self.word.take() else { return };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_first = self.current.as_ref().is_none_or(|command| command.words.is_empty());
        if is_first && !quoted && RESERVED.contains(&text.as_str()) || is_first && is_assignment(&text) {
            return;
        }
        self.current.get_or_insert_with(|| Simple { words: Vec::new(), at, piped: false }).words.push(text);
    }

    fn end_command(&mut self, piped: bool) {
        self.end_word();
        if let Some(mut command) = self.current.take() {
            command.piped = piped;
            self.found.push(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<String> {
        commands(script).into_iter().map(|c| c.words.join(" ") + if c.piped { " |" } else { "" }).collect()
    }

    #[test]
    fn simple_commands() {
        assert_eq!(
            words("set -ex; A=1 apt-get update && apt-get install -y 'a b' \"c\\\"d\" || exit 1"),
            ["set -ex", "apt-get update", "apt-get install -y a b c\"d", "exit 1"]
        );
        assert_eq!(words("curl -s x | sh # why | not"), ["curl -s x |", "sh"]);
        assert_eq!(words("if [ -f x ]; then y; fi\nz 2>&1 &"), ["[ -f x ]", "y", "z 2>&1"]);
        assert_eq!(words("a=$(b | c; d) e $(f)"), ["e $(f)"]);
        assert_eq!(words("(cd /x && make)"), ["cd /x", "make"]);
        for script in ["'", "\"", "\\", "$(", "`", "|", "&&", "a |& b", "\"\\", "é'é"] {
            commands(script);
        }
    }

    #[test]
    fn what_is_run() {
        let [command] =
            &commands("sudo -E DEBIAN_FRONTEND=x /usr/bin/apt-get -qqy install --no-install-recommends curl")
                [..]
        else {
            panic!()
        };
        assert_eq!(command.program(), "apt-get");
        assert!(command.says(&["install", "curl"]) && command.has(&["-y", "--yes"]));
        assert!(command.has(&["--no-install-recommends"]) && !command.has(&["-f"]));
    }
}
