//! SBOMs in an in-toto statement (`https://in-toto.io/Statement/v1`, and `v0.1`), alone as BuildKit attaches it to an
//! image, or in a DSSE envelope as cosign does. Signatures are not looked at here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ReadError, draft::Draft, json};
use crate::cataloger::Limits;

const FORMAT: &str = "in-toto statement";
/// An envelope holds a statement, a statement the document; cosign once put a string between.
const MOST: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    payload: Option<String>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
    predicate_type: Option<String>,
    subject: Option<Vec<Subject>>,
}

#[derive(Deserialize)]
struct Subject {
    name: Option<String>,
    digest: Option<Digests>,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// What cosign once wrote: the document as a string.
#[derive(Deserialize)]
struct Quoted {
    #[serde(rename = "Data")]
    data: String,
}

/// Reads what is inside; `envelopes` counts those around it.
pub(super) fn read(text: &str, limits: &Limits, envelopes: usize) -> Result<Draft, ReadError> {
    let wrong = |place: &str, why: String| ReadError::Malformed { format: FORMAT, place: place.into(), why };
    if envelopes >= MOST {
        return Err(wrong("predicate", format!("more than {MOST} envelopes in each other")));
    }
    let statement: Statement<'_> = json::document(text, FORMAT)?;
    if let Some(payload) = statement.payload {
        let bytes = STANDARD.decode(payload.trim()).map_err(|error| wrong("payload", error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| wrong("payload", error.to_string()))?;
        return super::read_text(&text, limits, envelopes + 1);
    }
    let predicate = statement.predicate.map(RawValue::get).unwrap_or_default();
    let quoted: Option<Quoted> = serde_json::from_str(predicate).ok();
    let inside = quoted.as_ref().map_or(predicate, |quoted| quoted.data.as_str());
    let mut draft = super::read_text(inside, limits, envelopes + 1).map_err(|error| match error {
        ReadError::Unknown { .. } => ReadError::Unknown {
            found: format!(
                "it is a statement of the type {:?}",
                statement.predicate_type.as_deref().unwrap_or_default()
            ),
        },
        error => error,
    })?;
    // What was attested says better than the document what it is about.
    if let Some(subject) = statement.subject.into_iter().flatten().next() {
        if let Some(sha256) = subject.digest.and_then(|digests| digests.sha256) {
            draft.subject.digest = Some(format!("sha256:{sha256}"));
        }
        if let Some(name) = subject.name.filter(|name| !name.is_empty() && name != "_") {
            draft.subject.name = name;
        }
    }
    Ok(draft)
}
