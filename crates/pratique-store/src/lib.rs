//! What is remembered: metadata in SQLite or PostgreSQL, blobs on disk or in object storage.
