//! Instructions: what each of a Dockerfile's keywords takes (Dockerfile reference; BuildKit's frontend where that is
//! silent).

use super::{
    heredoc::Heredoc,
    lines::Logical,
    words::{json, pairs, split, unquote},
};

/// One instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    /// The keyword in capitals.
    pub keyword: String,
    /// `--name[=value]` before the arguments.
    pub flags: Vec<Flag>,
    /// What it says.
    pub kind: Kind,
    /// The heredocs it announces.
    pub heredocs: Vec<Heredoc>,
    /// Its text and lines.
    pub source: Logical,
    /// Offset of the arguments, flags left out, in the text.
    pub arguments_at: usize,
    /// Its last line, heredocs included, counted from 1.
    pub last_line: usize,
}

/// `--mount=type=cache,target=/x`, `--link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Without dashes.
    pub name: String,
    /// What stands after `=`; empty where nothing does.
    pub value: String,
}

/// What an instruction says.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `FROM image [AS name]`.
    From {
        /// The image, variables not yet put in.
        image: String,
        /// The stage's name.
        name: Option<String>,
    },
    /// `RUN`.
    Run(Command),
    /// `CMD`.
    Cmd(Command),
    /// `ENTRYPOINT`.
    Entrypoint(Command),
    /// `COPY`.
    Copy(Transfer),
    /// `ADD`.
    Add(Transfer),
    /// `ENV`.
    Env(Vec<(String, String)>),
    /// `LABEL`.
    Label(Vec<(String, String)>),
    /// `ARG name[=default] …`.
    Arg(Vec<(String, Option<String>)>),
    /// `USER name[:group]`.
    User(String),
    /// `WORKDIR`.
    Workdir(String),
    /// `EXPOSE port[/protocol] …`.
    Expose(Vec<String>),
    /// `VOLUME`.
    Volume(Vec<String>),
    /// `HEALTHCHECK CMD …`; `None` for `HEALTHCHECK NONE`.
    Healthcheck(Option<Command>),
    /// `SHELL ["…"]`.
    Shell(Vec<String>),
    /// `STOPSIGNAL`.
    Stopsignal(String),
    /// `MAINTAINER`.
    Maintainer(String),
    /// `ONBUILD instruction`.
    Onbuild(Box<Instruction>),
    /// A keyword that is none, or one whose arguments make no sense: why.
    Invalid(String),
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// By the shell.
    Shell(String),
    /// Directly: the JSON form.
    Exec(Vec<String>),
}

impl Command {
    fn read(text: &str) -> Self {
        json(text).map_or_else(|| Self::Shell(text.trim().to_owned()), Self::Exec)
    }
}

/// What `COPY` or `ADD` brings where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Files, URLs, heredocs (`<<NAME`).
    pub sources: Vec<String>,
    /// Where to.
    pub destination: String,
}

impl Instruction {
    /// The first line, counted from 1.
    pub fn line(&self) -> usize {
        self.source.first()
    }

    /// The value of the flag `name`, the first where it is given several times.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|flag| flag.name == name).map(|flag| flag.value.as_str())
    }

    /// Reads the instruction that `source` holds.
    pub(super) fn read(source: Logical, heredocs: Vec<Heredoc>, last_line: usize, escape: char) -> Self {
        Self::read_within(source, heredocs, last_line, escape, false)
    }

    fn read_within(
        source: Logical,
        heredocs: Vec<Heredoc>,
        last_line: usize,
        escape: char,
        within: bool,
    ) -> Self {
        let text = source.text.as_str();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let keyword = text.get(..end).unwrap_or_default().to_ascii_uppercase();
        let (flags, arguments_at) = flags(text, end, &keyword, escape);
        let arguments = text.get(arguments_at..).unwrap_or_default();
        let kind = match keyword.as_str() {
            // What ONBUILD defers is an instruction of its own, on the same lines.
            "ONBUILD" if !within => {
                let mut inner = source.clone();
                inner.cut(arguments_at);
                let inner = Self::read_within(inner, heredocs.clone(), last_line, escape, true);
                Kind::Onbuild(Box::new(inner))
            }
            _ => kind(&keyword, arguments, escape),
        };
        Self { keyword, flags, kind, heredocs, source, arguments_at, last_line }
    }
}

/// Flags before the arguments, for the instructions that have any, and where the arguments begin.
fn flags(text: &str, from: usize, keyword: &str, escape: char) -> (Vec<Flag>, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let begin = |rest: &str| from + (rest.len() - rest.trim_start().len());
    let mut found = Vec::new();
    if !matches!(keyword, "FROM" | "RUN" | "COPY" | "ADD" | "HEALTHCHECK") {
        return (found, begin(rest));
    }
    for (at, word) in split(rest, escape) {
        let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
            return (found, from + at);
        };
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        found.push(Flag { name: name.to_ascii_lowercase(), value: unquote(value, escape) });
    }
    (found, text.len())
}

fn kind(keyword: &str, arguments: &str, escape: char) -> Kind {
    let words = || -> Vec<String> {
        split(arguments, escape).into_iter().map(|(_, word)| unquote(word, escape)).collect()
    };
    let list = || json(arguments).unwrap_or_else(words);
    let plain = || unquote(arguments.trim(), escape);
    if arguments.trim().is_empty() && keyword != "CMD" && keyword != "ENTRYPOINT" {
        let known = KEYWORDS.contains(&keyword);
        return Kind::Invalid(if known { format!("{keyword} needs arguments") } else { unknown(keyword) });
    }
    match keyword {
        "FROM" => from(&words()),
        "RUN" => Kind::Run(Command::read(arguments)),
        "CMD" => Kind::Cmd(Command::read(arguments)),
        "ENTRYPOINT" => Kind::Entrypoint(Command::read(arguments)),
        "COPY" | "ADD" => {
            let mut sources = list();
            let destination = sources.pop().unwrap_or_default();
            if sources.is_empty() {
                return Kind::Invalid(format!("{keyword} needs a source and a destination"));
            }
            let transfer = Transfer { sources, destination };
            if keyword == "COPY" { Kind::Copy(transfer) } else { Kind::Add(transfer) }
        }
        "ENV" => Kind::Env(pairs(arguments, escape)),
        "LABEL" => Kind::Label(pairs(arguments, escape)),
        "ARG" => Kind::Arg(
            words()
                .into_iter()
                .map(|word| match word.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (word, None),
                })
                .collect(),
        ),
        "USER" => Kind::User(plain()),
        "WORKDIR" => Kind::Workdir(plain()),
        "EXPOSE" => Kind::Expose(words()),
        "VOLUME" => Kind::Volume(list()),
        "HEALTHCHECK" => healthcheck(arguments),
        "SHELL" => {
            json(arguments).map_or_else(|| Kind::Invalid("SHELL needs the JSON form".into()), Kind::Shell)
        }
        "STOPSIGNAL" => Kind::Stopsignal(plain()),
        "MAINTAINER" => Kind::Maintainer(plain()),
        "ONBUILD" => Kind::Invalid("ONBUILD in ONBUILD".into()),
        _ => Kind::Invalid(unknown(keyword)),
    }
}

const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

fn unknown(keyword: &str) -> String {
    // A hostile file may be one word of a megabyte.
    let short: String = keyword.chars().take(30).collect();
    format!("{short} is no instruction")
}

fn from(words: &[String]) -> Kind {
    match words {
        [image] => Kind::From { image: image.clone(), name: None },
        [image, r#as, name] if r#as.eq_ignore_ascii_case("as") => {
            Kind::From { image: image.clone(), name: Some(name.to_ascii_lowercase()) }
        }
        _ => Kind::Invalid("FROM takes an image, or an image AS a name".into()),
    }
}

fn healthcheck(arguments: &str) -> Kind {
    let text = arguments.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first.to_ascii_uppercase().as_str() {
        "NONE" => Kind::Healthcheck(None),
        "CMD" => Kind::Healthcheck(Some(Command::read(rest))),
        _ => Kind::Invalid("HEALTHCHECK takes CMD or NONE".into()),
    }
}
