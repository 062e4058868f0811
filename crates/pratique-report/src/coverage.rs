//! What was looked at and what was not; [`crate::notes`] puts it into words.

use pratique_inventory::Inventory;
use serde::{Deserialize, Serialize};

/// What was looked at and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Whether everything that was found could be read and matched.
    pub complete: bool,
    /// What was not, each a sentence: an unsupported distribution, a release without advisories, …
    pub gaps: Vec<String>,
    /// What was left out because it was asked to be, each a sentence; it takes nothing from `complete`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Files that could not be read.
    pub warnings: Vec<Warning>,
}

/// A file that could not be read, or something odd about a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The file; empty for a layer or the image as a whole.
    pub path: String,
    /// Index of its layer, counted from 0; absent for the image as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Which reader met it; absent for the reader of the layer itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cataloger: Option<String>,
    /// What and why.
    pub message: String,
    /// Whether something is missing from the report because of it.
    pub lost: bool,
}

impl Coverage {
    /// What `inventory` could not tell, and `gaps` in matching it.
    pub fn new(inventory: &Inventory, gaps: Vec<String>) -> Self {
        let warnings: Vec<_> = inventory
            .problems
            .iter()
            .map(|(layer, problem)| Warning {
                path: problem.path.to_string(),
                layer: *layer,
                cataloger: problem.cataloger.clone(),
                message: problem.what.clone(),
                lost: problem.lost,
            })
            .collect();
        let complete = gaps.is_empty() && !warnings.iter().any(|warning| warning.lost);
        Self { complete, gaps, left_out: Vec::new(), warnings }
    }
}
