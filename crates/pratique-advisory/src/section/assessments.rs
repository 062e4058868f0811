//! Every distinct severity statement, once.
//!
//! ```text
//! count u32, then for each: offset of its text u32, length u16, system u8, level u8, score in tenths u8 (255: none), zero u8
//! then the texts
//! ```

use std::{borrow::Cow, collections::HashMap};

use crate::{
    Error, Level, Severity, System,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
};

const ENTRY: u64 = 10;
const NO_SCORE: u8 = 255;
/// Longest vector or word that is kept; the longest real vector has some 200 bytes.
pub(crate) const LONGEST_TEXT: usize = 1024;

/// A severity statement as the compiler passes it on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Assessment<'a> {
    system: u8,
    level: u8,
    tenths: u8,
    text: Cow<'a, str>,
}

impl<'a> Assessment<'a> {
    /// `None` if the text is absurdly long.
    pub(crate) fn of(severity: &Severity<'a>) -> Option<Assessment<'a>> {
        #[expect(clippy::cast_sign_loss, reason = "scores are 0.0 to 10.0; the cast saturates")]
        let tenths = severity.score.map_or(NO_SCORE, |score| (score * 10.0).round() as u8);
        (severity.text.len() <= LONGEST_TEXT).then(|| Assessment {
            system: severity.system.code(),
            level: severity.level.code(),
            tenths,
            text: Cow::Borrowed(severity.text),
        })
    }

    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&[self.system, self.level, self.tenths]);
        to.put_text(&self.text);
    }

    pub(crate) fn decode(from: &mut Cursor<'a>) -> Result<Assessment<'a>, Malformed> {
        let (system, level, tenths) = (from.byte()?, from.byte()?, from.byte()?);
        Ok(Assessment { system, level, tenths, text: Cow::Borrowed(from.text()?) })
    }

    fn into_owned(self) -> Assessment<'static> {
        Assessment { text: Cow::Owned(self.text.into_owned()), ..self }
    }
}

/// Numbers distinct statements in the order in which they come.
#[derive(Default)]
pub(crate) struct Assessments {
    numbers: HashMap<Assessment<'static>, u32>,
    order: Vec<Assessment<'static>>,
}

impl Assessments {
    /// The number of a statement, which is given one if it is new.
    pub(crate) fn intern(&mut self, assessment: Assessment<'_>) -> u32 {
        if let Some(number) = self.number(&assessment) {
            return number;
        }
        let number = self.order.len() as u32;
        let owned = assessment.into_owned();
        self.numbers.insert(owned.clone(), number);
        self.order.push(owned);
        number
    }

    /// Adds the next statement of an older database; `None` stands for one that cannot be.
    pub(crate) fn push(&mut self, assessment: Option<Assessment<'_>>) {
        if let Some(owned) = assessment.map(Assessment::into_owned) {
            self.numbers.entry(owned.clone()).or_insert(self.order.len() as u32);
            self.order.push(owned);
        }
    }

    /// The number of a statement that has one.
    pub(crate) fn number(&self, assessment: &Assessment<'_>) -> Option<u32> {
        self.numbers.get(assessment).copied()
    }

    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut texts = Vec::new();
        bytes.extend_from_slice(&(self.order.len() as u32).to_le_bytes());
        for entry in &self.order {
            bytes.extend_from_slice(&(texts.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&(entry.text.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&[entry.system, entry.level, entry.tenths, 0]);
            texts.extend_from_slice(entry.text.as_bytes());
        }
        bytes.extend_from_slice(&texts);
        bytes
    }
}

/// How many statements there are.
pub(crate) fn count(section: Section<'_>) -> Result<u32, Error> {
    if section.len() == 0 { Ok(0) } else { section.u32(0) }
}

/// Reads the statement of that number.
pub(crate) fn read(section: Section<'_>, number: u32) -> Result<Severity<'_>, Error> {
    let count = section.u32(0)?;
    let place = 4 + u64::from(number) * ENTRY;
    if number >= count {
        return Err(section.damaged(0));
    }
    let fields: &[u8] = section.bytes(place, ENTRY)?;
    let &[o0, o1, o2, o3, l0, l1, system, level, tenths, _] = fields else {
        return Err(section.damaged(place));
    };
    let offset = 4 + u64::from(count) * ENTRY + u64::from(u32::from_le_bytes([o0, o1, o2, o3]));
    let text = section.bytes(offset, u64::from(u16::from_le_bytes([l0, l1])))?;
    let (Ok(text), Some(system), Some(level)) =
        (std::str::from_utf8(text), System::from_code(system), Level::from_code(level))
    else {
        return Err(section.damaged(place));
    };
    let score = (tenths <= 100).then(|| f32::from(tenths) / 10.0);
    Ok(Severity { level, system, score, text })
}
