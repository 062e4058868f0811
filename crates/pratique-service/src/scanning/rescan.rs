//! How long images are scanned again, and the status that follows.
//!
//! Continuous scanning watches an image while it was pushed, or pulled (or, in the other mode, in use on a cluster),
//! within configured durations; whichever is longer counts. Then its status is `SCAN_ELIGIBILITY_EXPIRED` and its
//! findings are closed.
//!
//! Two things outlast the durations, so they are inputs: an image that has expired stays so when a duration is made
//! longer, until it is pushed again; and an image that was more than 14 days old when enhanced scanning was switched
//! on is not looked at until it is pushed again. Facts: Inspector's user guide, "Configuring the Amazon ECR re-scan
//! duration".

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{RepositoryScanning, ScanFrequency};

/// A number of days that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Days {
    /// Three.
    #[serde(rename = "DAYS_3")]
    Three,
    /// A week.
    #[serde(rename = "DAYS_7")]
    Seven,
    /// Two weeks, the default.
    #[serde(rename = "DAYS_14")]
    Fourteen,
    /// A month.
    #[serde(rename = "DAYS_30")]
    Thirty,
    /// Two months.
    #[serde(rename = "DAYS_60")]
    Sixty,
    /// Three months.
    #[serde(rename = "DAYS_90")]
    Ninety,
    /// Half a year.
    #[serde(rename = "DAYS_180")]
    HalfYear,
}

impl Days {
    /// How long that is.
    pub fn duration(self) -> SignedDuration {
        let days = match self {
            Self::Three => 3,
            Self::Seven => 7,
            Self::Fourteen => 14,
            Self::Thirty => 30,
            Self::Sixty => 60,
            Self::Ninety => 90,
            Self::HalfYear => 180,
        };
        SignedDuration::from_hours(24 * days)
    }
}

/// How long an image is watched after it was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PushDuration {
    /// So many days.
    Days(Days),
    /// For ever.
    Lifetime(Lifetime),
}

/// For ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifetime {
    /// The only value.
    #[serde(rename = "LIFETIME")]
    Lifetime,
}

impl PushDuration {
    /// For ever.
    pub const LIFETIME: Self = Self::Lifetime(Lifetime::Lifetime);
}

/// What counts as use of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PullDateMode {
    /// It was pulled.
    LastPullDate,
    /// It ran somewhere.
    #[default]
    LastInUseAt,
}

/// Inspector's `ecrConfiguration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RescanSettings {
    /// After the push.
    pub rescan_duration: PushDuration,
    /// After the last use; without, use does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_date_rescan_duration: Option<Days>,
    /// What use is.
    #[serde(default)]
    pub pull_date_rescan_mode: PullDateMode,
}

/// What new accounts have: 14 days each, by last use.
impl Default for RescanSettings {
    fn default() -> Self {
        Self {
            rescan_duration: PushDuration::Days(Days::Fourteen),
            pull_date_rescan_duration: Some(Days::Fourteen),
            pull_date_rescan_mode: PullDateMode::LastInUseAt,
        }
    }
}

/// What is known of an image's days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageTimes {
    /// The last push.
    pub pushed_at: Timestamp,
    /// The last pull that counts.
    pub pulled_at: Option<Timestamp>,
    /// When it last ran somewhere.
    pub in_use_at: Option<Timestamp>,
    /// When it was found expired; a push clears it.
    pub expired_at: Option<Timestamp>,
    /// Whether it lies in the archive.
    pub is_archived: bool,
}

/// Whether and how an image is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// Whenever more is known, until then; without a time, for ever.
    Continuous {
        /// The last moment.
        until: Option<Timestamp>,
    },
    /// Once.
    Once,
    /// When asked.
    OnRequest,
    /// Not at all.
    Off,
    /// Not any more.
    Expired,
    /// Not while it is in the archive.
    Archived,
}

/// An image's pushes older than this are not scanned when enhanced scanning is switched on.
const LOOK_BACK: Days = Days::Fourteen;

impl RescanSettings {
    /// Whether an image of a repository is watched at `now`, where enhanced scanning is on since `enhanced_since`.
    pub fn eligibility(
        &self,
        repository: &RepositoryScanning,
        image: &ImageTimes,
        enhanced_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Eligibility {
        if image.is_archived {
            return Eligibility::Archived;
        }
        match repository.frequency {
            ScanFrequency::Manual if repository.is_off() => Eligibility::Off,
            ScanFrequency::Manual => Eligibility::OnRequest,
            ScanFrequency::ScanOnPush => {
                if was_too_old(image, repository, enhanced_since) {
                    Eligibility::Expired
                } else {
                    Eligibility::Once
                }
            }
            ScanFrequency::ContinuousScan => {
                let until = self.watched_until(image);
                let is_over = until.is_some_and(|until| now > until);
                if is_over || image.expired_at.is_some() || was_too_old(image, repository, enhanced_since) {
                    Eligibility::Expired
                } else {
                    Eligibility::Continuous { until }
                }
            }
        }
    }

    /// The last moment at which the durations cover the image; `None` for ever.
    pub fn watched_until(&self, image: &ImageTimes) -> Option<Timestamp> {
        let PushDuration::Days(days) = self.rescan_duration else { return None };
        let pushed = later(image.pushed_at, days);
        let used_at = match self.pull_date_rescan_mode {
            PullDateMode::LastPullDate => image.pulled_at,
            PullDateMode::LastInUseAt => image.in_use_at,
        };
        let used = self.pull_date_rescan_duration.zip(used_at).map(|(days, at)| later(at, days));
        Some(used.map_or(pushed, |used| used.max(pushed)))
    }
}

fn later(at: Timestamp, days: Days) -> Timestamp {
    at.saturating_add(days.duration()).unwrap_or(Timestamp::MAX)
}

fn was_too_old(
    image: &ImageTimes,
    repository: &RepositoryScanning,
    enhanced_since: Option<Timestamp>,
) -> bool {
    repository.scan_type == super::ScanType::Enhanced
        && enhanced_since.is_some_and(|since| later(image.pushed_at, LOOK_BACK) < since)
}

/// How far the scan of an image has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It was never scanned.
    Never,
    /// It waits for its turn.
    Waiting,
    /// It is being scanned.
    Running,
    /// There is a result.
    Done,
    /// It could not be scanned.
    Failed,
    /// It is of a kind that cannot be scanned.
    Unsupported,
}

/// The status of an image's scan, by ECR's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanStatus {
    /// Accepted, not started.
    Pending,
    /// Running.
    InProgress,
    /// Finished, once.
    Complete,
    /// Watched; the findings are current.
    Active,
    /// It could not be done.
    Failed,
    /// The image is of a kind that cannot be scanned.
    UnsupportedImage,
    /// Not watched any more.
    ScanEligibilityExpired,
    /// In the archive.
    ImageArchived,
}

impl Eligibility {
    /// The status to show; `None` where there is none, which the API calls `ScanNotFoundException`.
    ///
    /// What has expired or is archived shows that, whatever was found earlier. Switching scanning off leaves the
    /// results of scans that were made.
    pub fn status(self, progress: Progress) -> Option<ScanStatus> {
        match (self, progress) {
            (Self::Archived, _) => Some(ScanStatus::ImageArchived),
            (Self::Expired, _) => Some(ScanStatus::ScanEligibilityExpired),
            (_, Progress::Running) => Some(ScanStatus::InProgress),
            (_, Progress::Failed) => Some(ScanStatus::Failed),
            (_, Progress::Unsupported) => Some(ScanStatus::UnsupportedImage),
            (Self::Continuous { .. }, Progress::Done) => Some(ScanStatus::Active),
            (_, Progress::Done) => Some(ScanStatus::Complete),
            (Self::OnRequest | Self::Off, Progress::Never) => None,
            (_, Progress::Waiting | Progress::Never) => Some(ScanStatus::Pending),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanning::{RegistryScanning, ScanType};

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 + day))
    }

    fn image(pushed: i64) -> ImageTimes {
        ImageTimes {
            pushed_at: day(pushed),
            pulled_at: None,
            in_use_at: None,
            expired_at: None,
            is_archived: false,
        }
    }

    fn continuous() -> RepositoryScanning {
        RegistryScanning::new(ScanType::Enhanced, None).unwrap().for_repository("app", false)
    }

    fn settings(push: PushDuration, pull: Option<Days>, mode: PullDateMode) -> RescanSettings {
        RescanSettings { rescan_duration: push, pull_date_rescan_duration: pull, pull_date_rescan_mode: mode }
    }

    fn eligible(settings: RescanSettings, image: &ImageTimes, now: Timestamp) -> Eligibility {
        settings.eligibility(&continuous(), image, Some(day(-100)), now)
    }

    #[test]
    fn the_longer_of_push_and_use_counts() {
        let thirty = PushDuration::Days(Days::Thirty);
        let by_pull = settings(thirty, Some(Days::Fourteen), PullDateMode::LastPullDate);
        let unused = image(0);
        let second = SignedDuration::from_secs(1);
        assert_eq!(eligible(by_pull, &unused, day(30)), Eligibility::Continuous { until: Some(day(30)) });
        assert_eq!(eligible(by_pull, &unused, day(30) + second), Eligibility::Expired);
        let pulled = ImageTimes { pulled_at: Some(day(20)), ..unused };
        assert_eq!(eligible(by_pull, &pulled, day(34)), Eligibility::Continuous { until: Some(day(34)) });
        assert_eq!(eligible(by_pull, &pulled, day(35)), Eligibility::Expired);
        let by_use = settings(thirty, Some(Days::Fourteen), PullDateMode::LastInUseAt);
        assert_eq!(eligible(by_use, &pulled, day(31)), Eligibility::Expired, "a pull is not a use");
        let used = ImageTimes { in_use_at: Some(day(29)), ..unused };
        assert_eq!(by_use.watched_until(&used), Some(day(43)));
        let by_push = settings(thirty, None, PullDateMode::LastPullDate);
        assert_eq!(by_push.watched_until(&pulled), Some(day(30)));
    }

    #[test]
    fn each_duration_is_as_long_as_its_name() {
        for (name, days) in [("3", 3), ("7", 7), ("14", 14), ("30", 30), ("60", 60), ("90", 90), ("180", 180)]
        {
            let push: PushDuration = serde_json::from_str(&format!("\"DAYS_{name}\"")).unwrap();
            assert_eq!(
                settings(push, None, PullDateMode::LastPullDate).watched_until(&image(1)),
                Some(day(1 + days))
            );
        }
        let forever: PushDuration = serde_json::from_str("\"LIFETIME\"").unwrap();
        assert_eq!(forever, PushDuration::LIFETIME);
        let forever = settings(forever, Some(Days::Three), PullDateMode::LastPullDate);
        assert_eq!(eligible(forever, &image(0), day(100_000)), Eligibility::Continuous { until: None });
        assert!(serde_json::from_str::<Days>("\"LIFETIME\"").is_err(), "not for pulls");
        assert_eq!(
            serde_json::to_string(&RescanSettings::default()).unwrap(),
            r#"{"rescanDuration":"DAYS_14","pullDateRescanDuration":"DAYS_14","pullDateRescanMode":"LAST_IN_USE_AT"}"#
        );
    }

    #[test]
    fn what_expired_stays_so_until_it_is_pushed() {
        let longer = settings(PushDuration::LIFETIME, None, PullDateMode::LastPullDate);
        let expired = ImageTimes { expired_at: Some(day(15)), ..image(0) };
        assert_eq!(eligible(longer, &expired, day(16)), Eligibility::Expired);
    }

    #[test]
    fn switching_enhanced_scanning_on_looks_back_two_weeks() {
        let lifetime = settings(PushDuration::LIFETIME, None, PullDateMode::LastPullDate);
        let since = |on: i64| lifetime.eligibility(&continuous(), &image(0), Some(day(on)), day(50));
        assert_eq!(since(14), Eligibility::Continuous { until: None });
        assert_eq!(since(15), Eligibility::Expired);
    }

    #[test]
    fn statuses() {
        use Progress::{Done, Failed, Never, Running, Unsupported, Waiting};
        let watched = Eligibility::Continuous { until: None };
        for (eligibility, progress, want) in [
            (watched, Never, Some("PENDING")),
            (watched, Waiting, Some("PENDING")),
            (watched, Running, Some("IN_PROGRESS")),
            (watched, Done, Some("ACTIVE")),
            (watched, Failed, Some("FAILED")),
            (watched, Unsupported, Some("UNSUPPORTED_IMAGE")),
            (Eligibility::Once, Done, Some("COMPLETE")),
            (Eligibility::OnRequest, Never, None),
            (Eligibility::OnRequest, Done, Some("COMPLETE")),
            (Eligibility::Off, Never, None),
            (Eligibility::Expired, Done, Some("SCAN_ELIGIBILITY_EXPIRED")),
            (Eligibility::Archived, Done, Some("IMAGE_ARCHIVED")),
        ] {
            let status = eligibility.status(progress).map(|status| serde_json::to_value(status).unwrap());
            assert_eq!(status, want.map(Into::into), "{eligibility:?} {progress:?}");
        }
        let basic = RegistryScanning::default();
        let settings = RescanSettings::default();
        let of = |scan_on_push, image: &ImageTimes| {
            settings.eligibility(&basic.for_repository("app", scan_on_push), image, None, day(900))
        };
        assert_eq!(of(true, &image(0)), Eligibility::Once, "a scan on push does not expire");
        assert_eq!(of(false, &image(0)), Eligibility::OnRequest);
        assert_eq!(of(true, &ImageTimes { is_archived: true, ..image(0) }), Eligibility::Archived);
        let off = RegistryScanning::new(ScanType::Enhanced, Some(Vec::new())).unwrap();
        let off = off.for_repository("app", true);
        assert_eq!(settings.eligibility(&off, &image(0), None, day(1)), Eligibility::Off);
    }
}
