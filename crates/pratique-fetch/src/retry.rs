//! When to try again, and after how long.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, SystemTime};

/// How often and how patiently requests are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often something is tried altogether; 1 is never again.
    pub attempts: u32,
    /// The first pause; it doubles from then on.
    pub base: Duration,
    /// The longest pause. A server that asks for a longer one (`Retry-After`) is not waited for.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, base: Duration::from_millis(300), longest: Duration::from_mins(1) }
    }
}

impl RetryPolicy {
    /// No second attempt.
    pub const NEVER: Self = Self { attempts: 1, base: Duration::ZERO, longest: Duration::ZERO };

    /// The pause after failed attempt number `attempt` (from 0): between half and all of the doubled base, so that
    /// many clients do not come back at once.
    pub fn pause(&self, attempt: u32) -> Duration {
        let full = self.base.saturating_mul(1 << attempt.min(16)).min(self.longest);
        // RandomState is seeded by the system; that is random enough to spread clients.
        let random = RandomState::new().build_hasher().finish() % 1000;
        full / 2 + full.mul_f64(random as f64 / 2000.0)
    }
}

/// Statuses that may be different next time.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long a `Retry-After` header asks to wait: seconds, or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let when = SystemTime::from(jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp());
    // A date in the past: now.
    Some(when.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let policy =
            RetryPolicy { attempts: 9, base: Duration::from_millis(100), longest: Duration::from_secs(1) };
        for attempt in 0..40 {
            let full = Duration::from_millis(100).saturating_mul(1 << attempt.min(16)).min(policy.longest);
            let pause = policy.pause(attempt);
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn reads_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_mins(1)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
