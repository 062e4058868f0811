//! Settings of the registry as a whole: one JSON document a name.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Session, StoreError,
    sql::{to_json, values},
};

impl Session {
    /// The setting of that name, if it was ever set.
    pub async fn setting<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, StoreError> {
        let sql = "SELECT value FROM setting WHERE name = $1";
        let row = self.one("reading a setting", sql, values![name]).await?;
        row.map(|row| row.json(0, "setting")).transpose()
    }

    /// Sets it.
    pub async fn put_setting<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), StoreError> {
        self.execute(
            "changing a setting",
            "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            values![name, &to_json(value)],
        )
        .await?;
        Ok(())
    }

    /// Sets it back to what it is by itself. `false` if it was never set.
    pub async fn delete_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute("changing a setting", "DELETE FROM setting WHERE name = $1", values![name]).await?
            > 0)
    }
}
