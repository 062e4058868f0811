//! How records are referred to.

/// A record's number in one database. It means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub(crate) u32);

/// In what capacity a record holds an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It is the record's own.
    Id = 0,
    /// It is the same flaw in another database.
    Alias = 1,
    /// It is the flaw, or one of the flaws, that a distribution's record is about.
    Upstream = 2,
    /// It is mentioned as related (CVE identifiers only).
    Related = 3,
}

/// A record that holds an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mention {
    /// The record.
    pub record: RecordId,
    /// In what capacity.
    pub role: Role,
}
