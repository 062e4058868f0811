//! Credentials: who may come in, with which secret, to do what.

use serde::{Deserialize, Serialize};

use crate::{
    Micros, Row, Session, StoreError,
    sql::{to_json, values},
};

/// Somebody who may come in. The secret is sealed: what is here opens nothing without the server's key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key id, which is the user name too.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: Micros,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// What it may do.
    pub grants: Vec<Grant>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Something that one may do in some repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Names of repositories, `*` for any run of characters.
    pub repositories: String,
    /// What.
    pub actions: Vec<Action>,
}

/// What one may be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Read manifests, blobs, tags and findings.
    Pull,
    /// Write manifests, blobs and tags.
    Push,
    /// Remove them.
    Delete,
    /// Have images scanned.
    Scan,
    /// Pull what is quarantined, and release it.
    Release,
    /// Everything, settings and credentials included.
    Admin,
}

fn read(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        id: row.text(0)?,
        name: row.text(1)?,
        secret: row.bytes(2)?,
        created_at: row.int(3)?,
        expires_at: row.opt_int(4)?,
        disabled: row.bool(5)?,
        grants: row.json(6, "credential's grants")?,
    })
}

impl Session {
    /// Keeps a credential, in place of one of the same id.
    pub async fn put_credential(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let Credential { id, name, secret, created_at, expires_at, disabled, grants } = credential;
        self.execute(
            "keeping a credential",
            "INSERT INTO credential (id, name, secret, created_at, expires_at, disabled, grants)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
             secret = excluded.secret, expires_at = excluded.expires_at, disabled = excluded.disabled,
             grants = excluded.grants",
            values![id, name, &secret[..], *created_at, *expires_at, *disabled, &to_json(grants)],
        )
        .await?;
        Ok(())
    }

    /// The credential of that id.
    pub async fn credential(&mut self, id: &str) -> Result<Option<Credential>, StoreError> {
        let sql =
            "SELECT id, name, secret, created_at, expires_at, disabled, grants FROM credential WHERE id = $1";
        self.one("looking up a credential", sql, values![id]).await?.as_ref().map(read).transpose()
    }

    /// All credentials, in the order of their ids.
    pub async fn credentials(&mut self) -> Result<Vec<Credential>, StoreError> {
        let sql =
            "SELECT id, name, secret, created_at, expires_at, disabled, grants FROM credential ORDER BY id";
        self.all("listing credentials", sql, values![]).await?.iter().map(read).collect()
    }

    /// Removes a credential. `false` if there is none.
    pub async fn delete_credential(&mut self, id: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM credential WHERE id = $1";
        Ok(self.execute("removing a credential", sql, values![id]).await? > 0)
    }
}
