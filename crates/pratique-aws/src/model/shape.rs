//! Shapes: the types of a model.

use super::Pattern;

/// A shape of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(u32);

impl ShapeId {
    /// The n-th shape.
    pub(super) fn new(index: usize) -> Self {
        Self(index as u32)
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A type.
#[derive(Debug)]
pub struct Shape {
    /// Its name, for people.
    pub name: Box<str>,
    /// What it is.
    pub kind: Kind,
    /// Its values are secrets: no error message shows them.
    pub sensitive: bool,
}

/// What a type is.
#[derive(Debug)]
pub enum Kind {
    /// Named members.
    Structure(Structure),
    /// Members of one type.
    List {
        /// Their type.
        member: ShapeId,
        /// What an item is called on the wire, where that is not `member`.
        wire: Option<Box<str>>,
        /// Whether XML and forms write items without an element around them.
        flattened: bool,
        /// How many there may be.
        size: Bounds,
    },
    /// Members by name.
    Map {
        /// What names are.
        key: ShapeId,
        /// What members are.
        value: ShapeId,
        /// What a name is called on the wire, where that is not `key`.
        key_wire: Option<Box<str>>,
        /// What a member is called on the wire, where that is not `value`.
        value_wire: Option<Box<str>>,
        /// Whether XML and forms write entries without an element around them.
        flattened: bool,
        /// How many there may be.
        size: Bounds,
    },
    /// Text.
    Text {
        /// The values there are; empty where any may be.
        values: Box<[Box<str>]>,
        /// What it looks like.
        pattern: Option<Pattern>,
        /// How many characters it may have.
        length: Bounds,
    },
    /// A number of 32 bits.
    Integer(Bounds),
    /// A number of 64 bits.
    Long(Bounds),
    /// A number with a fraction, of 32 or 64 bits.
    Double(Bounds),
    /// True or false.
    Boolean,
    /// An instant, and how it is written where that is not as the protocol does.
    Timestamp(Option<TimestampFormat>),
    /// Bytes, and how many there may be.
    Blob(Bounds),
}

/// Named members.
#[derive(Debug)]
pub struct Structure {
    /// The members, sorted by name.
    pub members: Vec<Member>,
    /// Exactly one member is there.
    pub union: bool,
    /// The member that is the whole body (REST).
    pub payload: Option<Box<str>>,
    /// It is an exception.
    pub exception: Option<Exception>,
}

impl Structure {
    /// A member by its name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        let index = self.members.binary_search_by(|member| (*member.name).cmp(name)).ok()?;
        self.members.get(index)
    }
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the model.
    pub name: Box<str>,
    /// Its name on the wire.
    pub wire: Box<str>,
    /// Its type.
    pub shape: ShapeId,
    /// Where it travels.
    pub location: Location,
    /// It has to be there.
    pub required: bool,
    /// XML and forms write its items without an element around them.
    pub flattened: bool,
}

/// Where a member of an input or output travels. All protocols but REST know the body only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    Body,
    /// In the path.
    Uri,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In all headers whose names begin with its wire name.
    Headers,
    /// It is the HTTP status.
    Status,
}

/// What is said of a structure as an exception.
#[derive(Debug)]
pub struct Exception {
    /// The code on the wire, where that is not the name of the shape.
    pub code: Option<Box<str>>,
    /// The HTTP status, where the model says it.
    pub status: Option<u16>,
    /// It is the server's fault and not the client's.
    pub fault: bool,
}

/// The least and the most of something.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// At least.
    pub min: Option<f64>,
    /// At most.
    pub max: Option<f64>,
}

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// Seconds since 1970 as a number, perhaps with a fraction.
    Epoch,
    /// `2026-11-22T07:00:00Z`.
    Iso8601,
    /// `Sun, 22 Nov 2026 07:00:00 GMT`.
    Http,
}
