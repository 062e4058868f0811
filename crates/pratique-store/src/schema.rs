//! The tables. A change is a new step at the end of [`STEPS`]; steps that were released are never edited.

use crate::{Session, Store, StoreError, sql::values};

/// Each step is some statements. `{id}` is a number that the database gives out. All texts are ordered by their bytes, which
/// SQLite does by itself, and PostgreSQL only where it is told to: lists must not depend on the language of a database.
const STEPS: &[&[&str]] = &[&[
    "CREATE TABLE repository (
        id {id},
        name TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        settings TEXT NOT NULL,
        policy TEXT,
        lifecycle TEXT,
        lifecycle_evaluated_at BIGINT,
        tags TEXT NOT NULL)",
    // `state`: 0 there; 1 being removed, its bytes may or may not be there any more; 2 lost, to be pushed again.
    "CREATE TABLE blob (
        digest TEXT PRIMARY KEY,
        size BIGINT NOT NULL,
        state BIGINT NOT NULL,
        touched_at BIGINT NOT NULL)",
    "CREATE TABLE repository_blob (
        repository BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
        digest TEXT NOT NULL REFERENCES blob (digest),
        PRIMARY KEY (repository, digest))",
    "CREATE INDEX repository_blob_digest ON repository_blob (digest)",
    "CREATE TABLE upload (
        id TEXT PRIMARY KEY,
        repository BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
        created_at BIGINT NOT NULL,
        touched_at BIGINT NOT NULL)",
    "CREATE TABLE manifest (
        repository BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
        digest TEXT NOT NULL,
        media_type TEXT NOT NULL,
        artifact_type TEXT,
        subject TEXT,
        annotations TEXT NOT NULL,
        content BYTEA NOT NULL,
        image_size BIGINT NOT NULL,
        pushed_at BIGINT NOT NULL,
        pulled_at BIGINT,
        quarantine TEXT,
        archived_at BIGINT,
        activated_at BIGINT,
        PRIMARY KEY (repository, digest))",
    "CREATE INDEX manifest_subject ON manifest (repository, subject)",
    "CREATE INDEX manifest_digest ON manifest (digest)",
    // What a manifest is made of. `kind`: 0 a blob, 1 a manifest.
    "CREATE TABLE manifest_part (
        repository BIGINT NOT NULL,
        manifest TEXT NOT NULL,
        kind BIGINT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (repository, manifest, kind, digest),
        FOREIGN KEY (repository, manifest) REFERENCES manifest (repository, digest) ON DELETE CASCADE)",
    "CREATE INDEX manifest_part_digest ON manifest_part (digest, repository)",
    "CREATE TABLE tag (
        repository BIGINT NOT NULL,
        name TEXT NOT NULL,
        digest TEXT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (repository, name),
        FOREIGN KEY (repository, digest) REFERENCES manifest (repository, digest) ON DELETE CASCADE)",
    "CREATE INDEX tag_digest ON tag (repository, digest)",
    // What was found in an image, whatever repositories it is in.
    "CREATE TABLE image (
        digest TEXT PRIMARY KEY,
        scanned_at BIGINT NOT NULL,
        database_id TEXT NOT NULL,
        failure TEXT,
        summary TEXT NOT NULL,
        components BYTEA NOT NULL)",
    // A package of some version in some distribution: matched once, whatever images it is in.
    "CREATE TABLE component (
        id {id},
        key BYTEA NOT NULL UNIQUE,
        os BIGINT NOT NULL,
        package BYTEA NOT NULL,
        findings TEXT NOT NULL)",
    "CREATE TABLE component_name (
        ecosystem TEXT NOT NULL,
        name TEXT NOT NULL,
        component BIGINT NOT NULL REFERENCES component (id) ON DELETE CASCADE,
        PRIMARY KEY (ecosystem, name, component))",
    "CREATE TABLE rescan (id {id}, time BIGINT NOT NULL, changes TEXT NOT NULL, told TEXT NOT NULL)",
    "CREATE TABLE deployment (
        digest TEXT NOT NULL,
        place TEXT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (digest, place))",
    "CREATE TABLE credential (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        secret BYTEA NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        disabled BIGINT NOT NULL,
        grants TEXT NOT NULL)",
    // The last preview of a lifecycle policy, with what it found: JSON.
    "CREATE TABLE lifecycle_preview (
        repository BIGINT PRIMARY KEY REFERENCES repository (id) ON DELETE CASCADE,
        preview TEXT NOT NULL)",
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE event (
        seq {id},
        id TEXT NOT NULL UNIQUE,
        time BIGINT NOT NULL,
        source TEXT NOT NULL,
        detail_type TEXT NOT NULL,
        envelope TEXT NOT NULL)",
    "CREATE TABLE audit (
        seq BIGINT PRIMARY KEY,
        time BIGINT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        resource TEXT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        hash TEXT NOT NULL)",
]];

/// Makes the tables, or what is missing of them.
pub(crate) async fn bring_up_to_date(store: &Store) -> Result<(), StoreError> {
    const DOING: &str = "bringing the tables up to date";
    let mut session = store.write().await?;
    if session.is_postgres() {
        // Replicas that start at once: one does it, the others wait. The number is any that nobody else uses.
        session.one(DOING, "SELECT pg_advisory_xact_lock(7077888)", values![]).await?;
    }
    let known = STEPS.len() as i64;
    session
        .execute(DOING, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", values![])
        .await?;
    let found = if let Some(row) = session.one(DOING, "SELECT version FROM schema_version", values![]).await?
    {
        row.int(0)?
    } else {
        session.execute(DOING, "INSERT INTO schema_version (version) VALUES (0)", values![]).await?;
        0
    };
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        for statement in *step {
            let statement = statement.replace("{id}", id(&session)).replace(" TEXT", text(&session));
            session.execute(DOING, &statement, values![]).await?;
        }
    }
    session.execute(DOING, "UPDATE schema_version SET version = $1", values![known]).await?;
    session.commit().await
}

fn id(session: &Session) -> &'static str {
    if session.is_postgres() {
        "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    } else {
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    }
}

fn text(session: &Session) -> &'static str {
    if session.is_postgres() { " TEXT COLLATE \"C\"" } else { " TEXT" }
}
