//! Events: what the rest of the world is told, in the EventBridge envelope and in AWS's own shapes.
//!
//! Each is written in the transaction of the change that it tells of. Shapes: *Amazon ECR events and EventBridge*, *Amazon
//! Inspector event schema*.

pub mod finding;

use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};
use pratique_image::Digest;
use pratique_store::{Micros, event::StoredEvent};
use serde_json::{Value, json};

use crate::{Service, ServiceError, secrets};

/// What happened to an image or tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageAction {
    /// It was pushed.
    Push,
    /// It was removed.
    Delete,
}

/// Severities by their AWS names.
pub type SeverityCounts = BTreeMap<&'static str, u64>;

/// A random UUID (RFC 9562, version 4).
pub(crate) fn uuid() -> Result<String, ServiceError> {
    let mut bytes = [0; 16];
    secrets::random(&mut bytes).map_err(|_| ServiceError::Broken("naming an event"))?;
    let [.., sixth, _, eighth, _, _, _, _, _, _, _] = &mut bytes;
    *sixth = *sixth & 0x0f | 0x40;
    *eighth = *eighth & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default().to_owned());
    Ok(parts.join("-"))
}

impl Service {
    /// An event of this deployment.
    pub(crate) fn event(
        &self,
        time: Micros,
        source: &str,
        detail_type: &str,
        resources: &[String],
        detail: &Value,
    ) -> Result<StoredEvent, ServiceError> {
        let id = uuid()?;
        let at = Timestamp::from_microsecond(time).unwrap_or_default();
        let at = at.round(Unit::Second).unwrap_or(at);
        let envelope = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": self.options().account,
            "time": at.to_string(),
            "region": self.options().region,
            "resources": resources,
            "detail": detail,
        });
        let (source, detail_type) = (source.to_owned(), detail_type.to_owned());
        Ok(StoredEvent { seq: 0, id, time, source, detail_type, envelope: envelope.to_string() })
    }

    /// `ECR Image Action`; for what refers to another manifest, `ECR Referrer Action`.
    pub(crate) fn image_action(
        &self,
        time: Micros,
        action: ImageAction,
        repository: &str,
        digest: &Digest,
        tag: Option<&str>,
        is_referrer: bool,
    ) -> Result<StoredEvent, ServiceError> {
        let mut detail = json!({
            "result": "SUCCESS",
            "repository-name": repository,
            "image-digest": digest.to_string(),
            "action-type": match action { ImageAction::Push => "PUSH", ImageAction::Delete => "DELETE" },
        });
        if let (Some(tag), Some(detail)) = (tag, detail.as_object_mut()) {
            detail.insert("image-tag".into(), tag.into());
        }
        let kind = if is_referrer { "ECR Referrer Action" } else { "ECR Image Action" };
        self.event(time, "aws.ecr", kind, &[], &detail)
    }

    /// `ECR Image Scan`: a basic scan is over.
    pub(crate) fn basic_scan_event(
        &self,
        time: Micros,
        status: &str,
        repository: &str,
        digest: &Digest,
        tags: &[String],
        counts: &SeverityCounts,
    ) -> Result<StoredEvent, ServiceError> {
        let detail = json!({
            "scan-status": status,
            "repository-name": repository,
            "finding-severity-counts": counts,
            "image-digest": digest.to_string(),
            "image-tags": tags,
        });
        let arn = self.repository_arn(repository);
        self.event(time, "aws.ecr", "ECR Image Scan", &[arn], &detail)
    }

    /// `Inspector2 Scan`: the first scan of an image is complete, with everything looked at.
    pub(crate) fn enhanced_scan_complete(
        &self,
        time: Micros,
        repository: &str,
        digest: &Digest,
        tags: &[String],
        counts: &SeverityCounts,
    ) -> Result<StoredEvent, ServiceError> {
        let arn = self.repository_arn(repository);
        let of = |severity| counts.get(severity).copied().unwrap_or(0);
        let detail = json!({
            "scan-status": "INITIAL_SCAN_COMPLETE",
            "repository-name": arn,
            "finding-severity-counts": {
                "CRITICAL": of("CRITICAL"),
                "HIGH": of("HIGH"),
                "MEDIUM": of("MEDIUM"),
                "TOTAL": counts.values().sum::<u64>(),
            },
            "image-digest": digest.to_string(),
            "image-tags": tags,
            "version": "1.0",
        });
        self.event(time, "aws.inspector2", "Inspector2 Scan", &[arn], &detail)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn uuids_are_of_version_four() {
        let id = super::uuid().unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_ne!(id, super::uuid().unwrap());
    }
}
