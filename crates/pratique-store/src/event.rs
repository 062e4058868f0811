//! The outbox: events are written in the transaction of the change that they tell of.

use crate::{Micros, Session, StoreError, sql::values};

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its place in the order of events; 0 before it is kept.
    pub seq: i64,
    /// Its id, a UUID.
    pub id: String,
    /// When it happened.
    pub time: Micros,
    /// `aws.ecr`, …
    pub source: String,
    /// `ECR Image Action`, …
    pub detail_type: String,
    /// The whole of it, in the EventBridge envelope.
    pub envelope: String,
}

impl Session {
    /// Keeps an event.
    pub async fn add_event(&mut self, event: &StoredEvent) -> Result<(), StoreError> {
        // Who reads on from the last event that was seen must not miss one that was numbered earlier and is committed later.
        self.lock_logs().await?;
        let StoredEvent { id, time, source, detail_type, envelope, .. } = event;
        self.execute(
            "keeping an event",
            "INSERT INTO event (id, time, source, detail_type, envelope) VALUES ($1, $2, $3, $4, $5)",
            values![id, *time, source, detail_type, envelope],
        )
        .await?;
        Ok(())
    }

    /// Events in their order, from the first behind `after`.
    pub async fn events(&mut self, after: i64, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = "SELECT seq, id, time, source, detail_type, envelope FROM event WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = self.all("reading events", sql, values![after, limit]).await?;
        let read = |row: &crate::Row| {
            Ok(StoredEvent {
                seq: row.int(0)?,
                id: row.text(1)?,
                time: row.int(2)?,
                source: row.text(3)?,
                detail_type: row.text(4)?,
                envelope: row.text(5)?,
            })
        };
        rows.iter().map(read).collect()
    }
}
