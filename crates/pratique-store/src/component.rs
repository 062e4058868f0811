//! Components: a package of some version in some distribution, matched against the advisories once, whatever images it is
//! in. Images list the components they hold (see [`crate::image`]).
//!
//! What a component's advisories are filed under is in a table of its own, so that a change of the advisories of a few
//! packages leads to the few components that have to be matched again.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    Micros, Row, Session, StoreError, Value,
    sql::{to_json, values},
};

/// What the database calls a component. Small numbers, given out in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComponentId(pub i64);

/// A component that is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewComponent {
    /// A hash of all that matching looks at.
    pub key: Vec<u8>,
    /// Whether it is a package of the operating system.
    pub os: bool,
    /// The package, in a form that can be matched again.
    pub package: Vec<u8>,
    /// Ecosystems and names under which its advisories are filed.
    pub names: Vec<(String, String)>,
    /// What is known of it.
    pub findings: Observations,
}

/// A component as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// What the database calls it.
    pub id: ComponentId,
    /// Whether it is a package of the operating system.
    pub os: bool,
    /// The package.
    pub package: Vec<u8>,
    /// What is known of it.
    pub findings: Observations,
}

/// The vulnerabilities of a component, by their ids.
pub type Observations = BTreeMap<String, Observation>;

/// One vulnerability of a component: what of it must be remembered. Everything else that can be told of it is found again
/// by matching, which is cheaper than keeping it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Severity on the common scale, 0 unknown to 5 critical.
    pub level: u8,
    /// The version that fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Whether it is known to be exploited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exploited: bool,
    /// The CVSS score that counts, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// How bad the publisher says it is, in its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// A hash of what is told of it; when that changes the finding has changed.
    pub content: u64,
    /// When it was first known.
    pub first_seen: Micros,
    /// When something was last learnt of it.
    pub updated: Micros,
    /// Since when the advisories do not say so any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Micros>,
}

/// Most parameters of one statement: below the limits of both databases.
const BLOCK: usize = 512;

fn read(row: &Row) -> Result<Component, StoreError> {
    Ok(Component {
        id: ComponentId(row.int(0)?),
        os: row.bool(1)?,
        package: row.bytes(2)?,
        findings: row.json(3, "component's findings")?,
    })
}

/// A block of values made as long as the next power of two by repeating the last: databases keep prepared statements by
/// their text, and texts of every length would push out all others.
fn padded<T>(block: &[T]) -> Vec<&T> {
    let length = if block.is_empty() { 0 } else { block.len().next_power_of_two() };
    block.iter().chain(block.last().into_iter().cycle()).take(length).collect()
}

/// `$1, $2, …`
fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// Which of these keys are known.
    pub async fn components_by_key(
        &mut self,
        keys: &[Vec<u8>],
    ) -> Result<HashMap<Vec<u8>, ComponentId>, StoreError> {
        let mut known = HashMap::with_capacity(keys.len());
        for block in keys.chunks(BLOCK) {
            let block = padded(block);
            let sql = format!("SELECT key, id FROM component WHERE key IN ({})", places(1, block.len()));
            let values: Vec<Value<'_>> = block.into_iter().map(|key| Value::from(&key[..])).collect();
            for row in self.all("looking up components", &sql, &values).await? {
                known.insert(row.bytes(0)?, ComponentId(row.int(1)?));
            }
        }
        Ok(known)
    }

    /// Keeps components that were not known; one that somebody else kept meanwhile is theirs.
    ///
    /// They are kept in the order of their keys: two sessions that keep the same ones wait for each other on PostgreSQL, and
    /// would for ever if each had what the other wants.
    pub async fn add_components(
        &mut self,
        components: &[NewComponent],
    ) -> Result<HashMap<Vec<u8>, ComponentId>, StoreError> {
        const DOING: &str = "keeping components";
        let mut ids = HashMap::with_capacity(components.len());
        let mut components: Vec<&NewComponent> = components.iter().collect();
        components.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        for block in components.chunks(BLOCK / 4) {
            let block = padded(block);
            let rows: Vec<String> =
                (0..block.len()).map(|row| format!("({})", places(row * 4 + 1, 4))).collect();
            let sql = format!(
                "INSERT INTO component (key, os, package, findings) VALUES {} ON CONFLICT (key) DO NOTHING
                 RETURNING key, id",
                rows.join(", ")
            );
            let findings: Vec<String> = block.iter().map(|component| to_json(&component.findings)).collect();
            let values: Vec<Value<'_>> = block
                .iter()
                .zip(&findings)
                .flat_map(|(component, findings)| {
                    [
                        Value::from(&component.key[..]),
                        Value::from(component.os),
                        Value::from(&component.package[..]),
                        Value::from(findings),
                    ]
                })
                .collect();
            for row in self.all(DOING, &sql, &values).await? {
                ids.insert(row.bytes(0)?, ComponentId(row.int(1)?));
            }
        }
        let names: Vec<(&str, &str, i64)> = components
            .iter()
            .filter_map(|component| Some((component, ids.get(&component.key)?)))
            .flat_map(|(component, id)| {
                component.names.iter().map(|(ecosystem, name)| (&ecosystem[..], &name[..], id.0))
            })
            .collect();
        for block in names.chunks(BLOCK / 4) {
            let block = padded(block);
            let rows: Vec<String> =
                (0..block.len()).map(|row| format!("({})", places(row * 3 + 1, 3))).collect();
            let sql = format!(
                "INSERT INTO component_name (ecosystem, name, component) VALUES {}
                 ON CONFLICT (ecosystem, name, component) DO NOTHING",
                rows.join(", ")
            );
            let values: Vec<Value<'_>> = block
                .iter()
                .flat_map(|(ecosystem, name, id)| {
                    [Value::from(*ecosystem), Value::from(*name), Value::from(*id)]
                })
                .collect();
            self.execute(DOING, &sql, &values).await?;
        }
        // Those that somebody else kept between our looking and our keeping.
        let theirs: Vec<Vec<u8>> = components
            .iter()
            .filter(|component| !ids.contains_key(&component.key))
            .map(|component| component.key.clone())
            .collect();
        ids.extend(self.components_by_key(&theirs).await?);
        Ok(ids)
    }

    /// Components by their ids; those that are not there are left out.
    pub async fn components(&mut self, ids: &[ComponentId]) -> Result<Vec<Component>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for block in ids.chunks(BLOCK) {
            let block = padded(block);
            let sql = format!(
                "SELECT id, os, package, findings FROM component WHERE id IN ({})",
                places(1, block.len())
            );
            let values: Vec<Value<'_>> = block.into_iter().map(|id| Value::from(id.0)).collect();
            for row in self.all("reading components", &sql, &values).await? {
                found.push(read(&row)?);
            }
        }
        Ok(found)
    }

    /// Those of these components of which something was ever found; images hold many more of which nothing was.
    pub async fn components_with_findings(
        &mut self,
        ids: &[ComponentId],
    ) -> Result<Vec<Component>, StoreError> {
        let mut found = Vec::new();
        for block in ids.chunks(BLOCK) {
            let sql = format!(
                "SELECT id, os, package, findings FROM component WHERE findings <> '{{}}' AND id IN ({})",
                places(1, block.len())
            );
            let values: Vec<Value<'_>> = block.iter().map(|id| Value::from(id.0)).collect();
            for row in self.all("reading components", &sql, &values).await? {
                found.push(read(&row)?);
            }
        }
        Ok(found)
    }

    /// The components whose advisories are filed under these names of one ecosystem.
    pub async fn components_named(
        &mut self,
        ecosystem: &str,
        names: &[&str],
    ) -> Result<Vec<ComponentId>, StoreError> {
        let mut ids = Vec::new();
        for block in names.chunks(BLOCK) {
            let block = padded(block);
            let sql = format!(
                "SELECT component FROM component_name WHERE ecosystem = $1 AND name IN ({})",
                places(2, block.len())
            );
            let mut values = vec![Value::from(ecosystem)];
            values.extend(block.into_iter().map(|name| Value::from(*name)));
            for row in self.all("looking up components by name", &sql, &values).await? {
                ids.push(ComponentId(row.int(0)?));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Components in the order of their ids, from the first behind `after`.
    pub async fn all_components(
        &mut self,
        after: ComponentId,
        limit: i64,
    ) -> Result<Vec<ComponentId>, StoreError> {
        let sql = "SELECT id FROM component WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.all("listing components", sql, values![after.0, limit]).await?;
        rows.iter().map(|row| row.int(0).map(ComponentId)).collect()
    }

    /// Writes what is known of a component now.
    pub async fn update_findings(
        &mut self,
        id: ComponentId,
        findings: &Observations,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE component SET findings = $2 WHERE id = $1";
        self.execute("keeping findings", sql, values![id.0, &to_json(findings)]).await?;
        Ok(())
    }
}
