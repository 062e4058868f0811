//! Repositories: names under which manifests and tags lie.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Micros, Row, Session, StoreError,
    sql::{to_json, values},
};

/// What the database calls a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RepositoryId(pub(crate) i64);

/// A repository, whose settings are a document that others understand.
#[derive(Debug, Clone, PartialEq)]
pub struct Repository<S> {
    /// What the database calls it.
    pub id: RepositoryId,
    /// Its name: `team/app`.
    pub name: String,
    /// When it was made.
    pub created_at: Micros,
    /// How it behaves.
    pub settings: S,
    /// Who may do what in it: an IAM policy document, as it was given.
    pub policy: Option<String>,
    /// Which images it keeps: a lifecycle policy, as it was given.
    pub lifecycle: Option<String>,
    /// When that was last looked at.
    pub lifecycle_evaluated_at: Option<Micros>,
    /// Tags on the repository itself, as AWS means them.
    pub tags: BTreeMap<String, String>,
}

/// The columns of a repository, for a question about more than one table, and how many they are.
pub(crate) const REPOSITORY: &str = "repository.id, repository.name, repository.created_at, repository.settings, \
                                     repository.policy, repository.lifecycle, repository.lifecycle_evaluated_at, \
                                     repository.tags";
pub(crate) const WIDTH: usize = 8;

const COLUMNS: &str = "id, name, created_at, settings, policy, lifecycle, lifecycle_evaluated_at, tags";

pub(crate) fn read<S: DeserializeOwned>(row: &Row) -> Result<Repository<S>, StoreError> {
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
    pub async fn create_repository<S: Serialize>(
        &mut self,
        name: &str,
        settings: &S,
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
    pub async fn repository<S: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<Repository<S>>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM repository WHERE name = $1");
        self.one("looking up a repository", &sql, values![name]).await?.as_ref().map(read).transpose()
    }

    /// Repositories in the order of their names, from the first behind `after`.
    pub async fn repositories<S: DeserializeOwned>(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Repository<S>>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM repository WHERE name > $1 ORDER BY name LIMIT $2");
        self.all("listing repositories", &sql, values![after, limit]).await?.iter().map(read).collect()
    }

    /// Writes all of a repository but its name.
    pub async fn update_repository<S: Serialize>(
        &mut self,
        repository: &Repository<S>,
    ) -> Result<(), StoreError> {
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
