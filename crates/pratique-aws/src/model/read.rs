//! Reading models in botocore's form.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::shape::{Bounds, Exception, Kind, Location, Member, Shape, ShapeId, Structure, TimestampFormat};
use super::{Metadata, Model, Operation, PathPattern, Pattern};

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not of botocore's form.
    #[error("the service model cannot be read")]
    Json(#[from] serde_json::Error),
    /// It speaks of a shape that it does not have.
    #[error("the service model has no shape {0}")]
    NoShape(String),
    /// A type that is not known.
    #[error("the shape {shape} is of the unknown type {kind}")]
    Type {
        /// The shape.
        shape: String,
        /// Its type.
        kind: String,
    },
    /// A place that is not known.
    #[error("the member {member} travels in an unknown place: {location}")]
    Location {
        /// The member.
        member: String,
        /// Its place.
        location: String,
    },
}

#[derive(Deserialize)]
struct RawModel {
    metadata: RawMetadata,
    operations: BTreeMap<Box<str>, RawOperation>,
    shapes: BTreeMap<Box<str>, RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    api_version: Box<str>,
    #[serde(default)]
    protocols: Vec<Box<str>>,
    json_version: Option<Box<str>>,
    target_prefix: Option<Box<str>>,
    signing_name: Option<Box<str>>,
    endpoint_prefix: Option<Box<str>>,
    xml_namespace: Option<Box<str>>,
}

#[derive(Deserialize)]
struct RawOperation {
    http: RawHttp,
    input: Option<RawReference>,
    output: Option<RawReference>,
    authtype: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    method: Box<str>,
    request_uri: Box<str>,
    response_code: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawReference {
    shape: Box<str>,
    result_wrapper: Option<Box<str>>,
    location: Option<Box<str>>,
    location_name: Option<Box<str>>,
    #[serde(default)]
    flattened: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShape {
    #[serde(rename = "type")]
    kind: Box<str>,
    #[serde(default)]
    members: BTreeMap<Box<str>, RawReference>,
    #[serde(default)]
    required: BTreeSet<Box<str>>,
    member: Option<RawReference>,
    key: Option<RawReference>,
    value: Option<RawReference>,
    #[serde(default, rename = "enum")]
    values: Vec<Box<str>>,
    pattern: Option<Box<str>>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    flattened: bool,
    #[serde(default)]
    union: bool,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    fault: bool,
    error: Option<RawError>,
    payload: Option<Box<str>>,
    timestamp_format: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawError {
    code: Option<Box<str>>,
    http_status_code: Option<u16>,
}

impl Model {
    /// Reads a model in botocore's form.
    pub fn read(json: &str) -> Result<Self, ModelError> {
        let raw: RawModel = serde_json::from_str(json)?;
        let ids: BTreeMap<Box<str>, ShapeId> =
            raw.shapes.keys().enumerate().map(|(index, name)| (name.clone(), ShapeId::new(index))).collect();
        let id_of = |reference: &RawReference| {
            ids.get(&reference.shape).copied().ok_or_else(|| ModelError::NoShape(reference.shape.to_string()))
        };
        let mut operations = BTreeMap::new();
        for (name, operation) in raw.operations {
            let output = operation.output.as_ref();
            let read = Operation {
                name: name.clone(),
                path: PathPattern::parse(&operation.http.request_uri),
                method: operation.http.method,
                status: operation.http.response_code.unwrap_or(200),
                input: operation.input.as_ref().map(id_of).transpose()?,
                output: output.map(id_of).transpose()?,
                result_wrapper: output.and_then(|output| output.result_wrapper.clone()),
                unsigned: operation.authtype.as_deref() == Some("none"),
            };
            operations.insert(name, read);
        }
        let mut exceptions = BTreeMap::new();
        let mut shapes = Vec::with_capacity(raw.shapes.len());
        for (name, shape) in raw.shapes {
            if shape.exception {
                exceptions.insert(name.clone(), ShapeId::new(shapes.len()));
            }
            let sensitive = shape.sensitive;
            shapes.push(Shape { kind: kind(&name, shape, &id_of)?, name, sensitive });
        }
        let metadata = raw.metadata;
        Ok(Self {
            metadata: Metadata {
                version: metadata.api_version,
                protocols: metadata.protocols,
                json_version: metadata.json_version,
                target_prefix: metadata.target_prefix,
                signing_name: metadata.signing_name.or(metadata.endpoint_prefix).unwrap_or_default(),
                xml_namespace: metadata.xml_namespace,
            },
            operations,
            exceptions,
            shapes,
        })
    }
}

type IdOf<'a> = dyn Fn(&RawReference) -> Result<ShapeId, ModelError> + 'a;

fn kind(name: &str, shape: RawShape, id_of: &IdOf<'_>) -> Result<Kind, ModelError> {
    let bounds = Bounds { min: shape.min, max: shape.max };
    let part = |part: Option<RawReference>| {
        part.ok_or_else(|| ModelError::Type {
            shape: name.to_owned(),
            kind: "list or map of nothing".to_owned(),
        })
    };
    Ok(match &*shape.kind {
        "structure" => Kind::Structure(structure(shape, id_of)?),
        "list" => {
            let member = part(shape.member)?;
            let flattened = shape.flattened;
            Kind::List { member: id_of(&member)?, wire: member.location_name, flattened, size: bounds }
        }
        "map" => {
            let (key, value) = (part(shape.key)?, part(shape.value)?);
            Kind::Map {
                key: id_of(&key)?,
                value: id_of(&value)?,
                key_wire: key.location_name,
                value_wire: value.location_name,
                flattened: shape.flattened,
                size: bounds,
            }
        }
        "string" | "character" => Kind::Text {
            values: shape.values.into(),
            pattern: shape.pattern.map(Pattern::new),
            length: bounds,
        },
        "integer" => Kind::Integer(bounds),
        "long" => Kind::Long(bounds),
        "double" | "float" => Kind::Double(bounds),
        "boolean" => Kind::Boolean,
        "blob" => Kind::Blob(bounds),
        "timestamp" => Kind::Timestamp(match shape.timestamp_format.as_deref() {
            Some("iso8601") => Some(TimestampFormat::Iso8601),
            Some("rfc822") => Some(TimestampFormat::Http),
            Some("unixTimestamp") => Some(TimestampFormat::Epoch),
            _ => None,
        }),
        other => return Err(ModelError::Type { shape: name.to_owned(), kind: other.to_owned() }),
    })
}

fn structure(shape: RawShape, id_of: &IdOf<'_>) -> Result<Structure, ModelError> {
    let mut members = Vec::with_capacity(shape.members.len());
    // Sorted, as the map is: that is what they are looked up by.
    for (name, member) in shape.members {
        members.push(Member {
            wire: member.location_name.clone().unwrap_or_else(|| name.clone()),
            shape: id_of(&member)?,
            location: match member.location.as_deref() {
                None => Location::Body,
                Some("uri") => Location::Uri,
                Some("querystring") => Location::Query,
                Some("header") => Location::Header,
                Some("headers") => Location::Headers,
                Some("statusCode") => Location::Status,
                Some(other) => {
                    return Err(ModelError::Location { member: name.into(), location: other.to_owned() });
                }
            },
            required: shape.required.contains(&name),
            flattened: member.flattened,
            name,
        });
    }
    let (code, status) = shape.error.map_or((None, None), |error| (error.code, error.http_status_code));
    Ok(Structure {
        members,
        union: shape.union,
        payload: shape.payload,
        exception: shape.exception.then_some(Exception { code, status, fault: shape.fault }),
    })
}
