//! The published models of the services drive everything: which operations there are, what their input has to be, where its
//! members travel, what errors look like.
//!
//! The models are embedded as botocore publishes them and read when a service is first called. Nothing about an operation is
//! written down twice: input is checked against the model before an operation sees it ([`Model::check_input`]), and builds
//! with debug assertions check outputs as well ([`Model::check_output`]), so that operations cannot drift from what clients
//! expect.

mod check;
mod path;
mod pattern;
mod read;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use check::noun;
pub use check::{Failure, Failures};
pub(crate) use path::Labels;
pub use path::PathPattern;
pub use pattern::Pattern;
pub use read::ModelError;
pub use shape::{Bounds, Exception, Kind, Location, Member, Shape, ShapeId, Structure, TimestampFormat};

/// The model of one service.
#[derive(Debug)]
pub struct Model {
    /// What is said of the service as a whole.
    pub metadata: Metadata,
    operations: BTreeMap<Box<str>, Operation>,
    exceptions: BTreeMap<Box<str>, ShapeId>,
    shapes: Vec<Shape>,
}

/// What is said of a service as a whole.
#[derive(Debug)]
pub struct Metadata {
    /// `2015-09-21`.
    pub version: Box<str>,
    /// `json`, `rest-json`, `query`: those that botocore knows of.
    pub protocols: Vec<Box<str>>,
    /// `1.0` or `1.1`, of JSON services.
    pub json_version: Option<Box<str>>,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<Box<str>>,
    /// The service's name in signatures.
    pub signing_name: Box<str>,
    /// The namespace of answers in XML.
    pub xml_namespace: Option<Box<str>>,
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// `GetCallerIdentity`.
    pub name: Box<str>,
    /// The method, where it tells operations apart (REST).
    pub method: Box<str>,
    /// The path, likewise.
    pub path: PathPattern,
    /// The HTTP status of success.
    pub status: u16,
    /// What comes in; none for operations without input.
    pub input: Option<ShapeId>,
    /// What goes out; none for operations without output.
    pub output: Option<ShapeId>,
    /// The element around the output in XML.
    pub result_wrapper: Option<Box<str>>,
    /// Whether it is called without signature.
    pub unsigned: bool,
}

impl Model {
    /// A shape.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        // Ids are made by `read`, for this model, of shapes that are there.
        &self.shapes[id.index()]
    }

    /// An operation by its name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// All operations, sorted by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// All shapes.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.iter()
    }

    /// The structure of an exception, by its name, and what of it is said as an exception.
    pub fn exception(&self, name: &str) -> Option<(ShapeId, &Structure, &Exception)> {
        let id = *self.exceptions.get(name)?;
        match &self.shape(id).kind {
            Kind::Structure(structure) => Some((id, structure, structure.exception.as_ref()?)),
            _ => None,
        }
    }

    /// The members of a structure; none of other shapes.
    pub fn members(&self, id: ShapeId) -> &[Member] {
        match &self.shape(id).kind {
            Kind::Structure(structure) => &structure.members,
            _ => &[],
        }
    }
}
