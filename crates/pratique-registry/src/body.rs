//! The bytes of requests and answers: to the disk and from it, in pieces.

use std::{fs::File, io, os::unix::fs::FileExt};

use axum::{body::Body, http::StatusCode};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use pratique_service::{Service, ServiceError, uploads::Writing};
use tokio::sync::mpsc;

use crate::error::Failure;

/// Bytes that go to the disk at once: a hop between threads each.
const PIECE: usize = 1 << 20;
/// Bytes that are read from the disk at once.
const READ: usize = 512 << 10;

/// Writes what the client sends to an upload; says how long that is then.
///
/// When the client goes away in the middle, what came stays: the upload can be continued.
pub(crate) async fn receive(service: &Service, mut writing: Writing, body: Body) -> Result<u64, Failure> {
    let (to_disk, mut pieces) = mpsc::channel::<Vec<Bytes>>(2);
    let writer = service.clone();
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(piece) = pieces.blocking_recv() {
            for bytes in piece {
                writing.write(&writer, &bytes)?;
            }
        }
        Ok::<u64, ServiceError>(writing.length())
    });
    let mut frames = body.into_data_stream();
    let (mut piece, mut size) = (Vec::new(), 0);
    let mut cut = None;
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(bytes) => {
                size += bytes.len();
                piece.push(bytes);
            }
            Err(error) => {
                cut = Some(error);
                break;
            }
        }
        if size >= PIECE {
            size = 0;
            if to_disk.send(std::mem::take(&mut piece)).await.is_err() {
                // The disk failed; it says why below.
                break;
            }
        }
    }
    if !piece.is_empty() {
        let _ = to_disk.send(piece).await;
    }
    drop(to_disk);
    let length = writing.await.map_err(|_| ServiceError::Broken("writing an upload"))??;
    match cut {
        None => Ok(length),
        Some(error) => Err(Failure::invalid(
            "BLOB_UPLOAD_INVALID",
            format!("the body could not be read to its end: {error}"),
        )),
    }
}

/// A whole body that may have `limit` bytes.
pub(crate) async fn whole(body: Body, limit: usize) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let bytes = frame.map_err(|error| {
            Failure::invalid("MANIFEST_INVALID", format!("the body could not be read to its end: {error}"))
        })?;
        if whole.len() + bytes.len() > limit {
            let message = format!("the body may have {limit} bytes");
            return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

/// `length` bytes of `file`, from `start`.
pub(crate) fn send(file: File, start: u64, length: u64) -> Body {
    let state = (Some(file), start, length);
    let pieces = stream::try_unfold(state, |(file, start, left)| async move {
        let Some(file) = file.filter(|_| left > 0) else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; READ.min(usize::try_from(left).unwrap_or(READ))];
            file.read_exact_at(&mut piece, start)?;
            Ok::<_, io::Error>((file, piece))
        });
        let (file, piece) = read.await.map_err(io::Error::other)??;
        let count = piece.len() as u64;
        Ok::<_, io::Error>(Some((Bytes::from(piece), (Some(file), start + count, left - count))))
    });
    Body::from_stream(pieces)
}
