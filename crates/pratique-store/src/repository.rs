//! Repositories: names under which manifests and tags lie.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Micros, Row, Session, StoreError,
    sql::{to_json, values},
};

/// What the database calls a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RepositoryId(pub(crate) i64);

/// A repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Repository {
    /// What the database calls it.
    pub id: RepositoryId,
    /// Its name: `team/app`.
    pub name: String,
    /// When it was made.
    pub created_at: Micros,
    /// How it behaves.
    pub settings: Settings,
    /// Who may do what in it: an IAM policy document, as it was given.
    pub policy: Option<String>,
    /// Which images it keeps: a lifecycle policy, as it was given.
    pub lifecycle: Option<String>,
    /// When that was last looked at.
    pub lifecycle_evaluated_at: Option<Micros>,
    /// Tags on the repository itself, as AWS means them.
    pub tags: BTreeMap<String, String>,
}

/// How a repository behaves. What is absent has its default, so that old rows read as new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// Which tags may move: `MUTABLE`, `IMMUTABLE`, …; empty is the first.
    pub tag_mutability: String,
    /// Tags that behave the other way round.
    pub mutability_exclusions: Vec<String>,
    /// The repository's own wish to be scanned on push, where the registry has no rule.
    pub scan_on_push: bool,
    /// What becomes of a push whose verdict is a block.
    pub gate: Gate,
    /// Whether anybody may pull.
    pub anonymous_pull: bool,
    /// `AES256`, `KMS`; empty is the first.
    pub encryption_type: String,
    /// The key of `KMS`.
    pub kms_key: Option<String>,
}

/// What becomes of a push whose verdict is a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nothing: it is told.
    #[default]
    Open,
    /// It is refused.
    Refuse,
    /// It is kept, and nobody may pull it.
    Quarantine,
}

const COLUMNS: &str = "id, name, created_at, settings, policy, lifecycle, lifecycle_evaluated_at, tags";

fn read(row: &Row) -> Result<Repository, StoreError> {
    Ok(Repository {
        id: RepositoryId(row.int(0)?),
        name: row.text(1)?,
        created_at: row.int(2)?,
        settings: row.json(3, "repository's settings")?,
        policy: row.opt_text(4)?,
        lifecycle: row.opt_text(5)?,
        lifecycle_evaluated_at: row.opt_int(6)?,
        tags: row.json(7, "repository's tags")?,
    })
}

impl Session {
    /// Makes a repository; `None` if there is one of that name.
    pub async fn create_repository(
        &mut self,
        name: &str,
        settings: &Settings,
        tags: &BTreeMap<String, String>,
        now: Micros,
    ) -> Result<Option<RepositoryId>, StoreError> {
        let row = self
            .one(
                "making a repository",
                "INSERT INTO repository (name, created_at, settings, tags) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (name) DO NOTHING RETURNING id",
                values![name, now, &to_json(settings), &to_json(tags)],
            )
            .await?;
        row.map(|row| row.int(0).map(RepositoryId)).transpose()
    }

    /// The repository of that name.
    pub async fn repository(&mut self, name: &str) -> Result<Option<Repository>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM repository WHERE name = $1");
        self.one("looking up a repository", &sql, values![name]).await?.as_ref().map(read).transpose()
    }

    /// Repositories in the order of their names, from the first behind `after`.
    pub async fn repositories(&mut self, after: &str, limit: i64) -> Result<Vec<Repository>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM repository WHERE name > $1 ORDER BY name LIMIT $2");
        self.all("listing repositories", &sql, values![after, limit]).await?.iter().map(read).collect()
    }

    /// Writes all of a repository but its name.
    pub async fn update_repository(&mut self, repository: &Repository) -> Result<(), StoreError> {
        let Repository { id, settings, policy, lifecycle, lifecycle_evaluated_at, tags, .. } = repository;
        self.execute(
            "changing a repository",
            "UPDATE repository SET settings = $2, policy = $3, lifecycle = $4, lifecycle_evaluated_at = $5,
             tags = $6 WHERE id = $1",
            values![
                id.0,
                &to_json(settings),
                policy.as_deref(),
                lifecycle.as_deref(),
                *lifecycle_evaluated_at,
                &to_json(tags)
            ],
        )
        .await?;
        Ok(())
    }

    /// Removes a repository with all manifests and tags in it.
    pub async fn delete_repository(&mut self, id: RepositoryId) -> Result<(), StoreError> {
        self.execute("removing a repository", "DELETE FROM repository WHERE id = $1", values![id.0]).await?;
        Ok(())
    }
}
