//! Set-user-id programs, and what everybody may write.

use pratique_advisory::Level;
use pratique_image::ImagePath;

use super::Images;
use crate::rule::{Check, Place, Rule};

/// Programs that distributions bring with these bits: known, and still better without.
const USUAL: &[&str] = &[
    "chage",
    "chfn",
    "chsh",
    "expiry",
    "gpasswd",
    "mount",
    "newgrp",
    "passwd",
    "su",
    "umount",
    "unix_chkpwd",
    "bbsuid",
    "pam_timestamp_check",
    "dbus-daemon-launch-helper",
    "ssh-keysign",
    "ssh-agent",
    "wall",
    "write",
    "crontab",
    "newuidmap",
    "newgidmap",
];

/// Whether it is one of these, where distributions put their programs.
fn is_usual(path: &ImagePath) -> bool {
    let bytes = path.as_bytes();
    let of_distribution =
        [&b"bin/"[..], b"sbin/", b"lib/", b"usr/"].iter().any(|root| bytes.starts_with(root));
    of_distribution
        && !bytes.starts_with(b"usr/local/")
        && USUAL.iter().any(|usual| usual.as_bytes() == path.file_name())
}

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI401",
            title: "Program with set-user-id or set-group-id",
            severity: Level::Medium,
            why: "It lends its owner's rights to whoever runs it: a flaw in it makes every user root.",
            remedy: "Take the bits away in the Dockerfile: find / -xdev -perm /6000 -type f -exec chmod a-s {} +.",
            references: &["CIS Docker 4.8", "CIS-DI-0008"],
        },
        run: |subject, found| {
            for special in subject.inventory.observed.modes.iter().filter(|special| special.mode.elevates()) {
                if !is_usual(&special.path) {
                    let place = Place::File(special.path.clone(), special.layer);
                    found.at(place, format!("mode {:04o}", special.mode.mode));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI402",
            title: "The distribution's set-user-id programs",
            severity: Level::Low,
            why: "Containers hardly need su, passwd or mount; each of them has had flaws that made users root.",
            remedy: "Take the bits away in the Dockerfile (find / -xdev -perm /6000 -type f -exec chmod a-s {} +), or run with no-new-privileges.",
            references: &["CIS Docker 4.8", "CIS-DI-0008"],
        },
        run: |subject, found| {
            let elevating = subject.inventory.observed.modes.iter().filter(|special| special.mode.elevates());
            let usual: Vec<_> = elevating.filter(|special| is_usual(&special.path)).collect();
            if !usual.is_empty() {
                let names: Vec<_> = usual.iter().map(|special| special.path.to_string()).collect();
                let files = usual.iter().map(|special| (special.path.clone(), special.layer)).collect();
                found.files(files, format!("{} of them: {}", names.len(), names.join(", ")));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI403",
            title: "Files that everybody may write",
            severity: Level::Medium,
            why: "An intruder without rights can change what root, or the next start, will run or read.",
            remedy: "chmod o-w, and give the files to the user that needs them.",
            references: &["CIS Docker 4.8"],
        },
        run: |subject, found| {
            let open =
                |special: &&pratique_inventory::Special| special.mode.is_open() && !special.mode.directory;
            let all: Vec<_> = subject.inventory.observed.modes.iter().filter(open).collect();
            for special in all.iter().take(MOST) {
                let place = Place::File(special.path.clone(), special.layer);
                found.at(place, format!("mode {:04o}", special.mode.mode & 0o7777));
            }
            if all.len() > MOST {
                found.config(format!("and {} more files that everybody may write", all.len() - MOST));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI404",
            title: "Folders that everybody may write, without the sticky bit",
            severity: Level::Medium,
            why: "Everybody may replace and remove what others put there, programs and settings among it.",
            remedy: "chmod +t for shared folders such as /tmp; else give the folder to the user that needs it.",
            references: &["CIS Docker 4.8"],
        },
        run: |subject, found| {
            let open =
                |special: &&pratique_inventory::Special| special.mode.is_open() && special.mode.directory;
            let all: Vec<_> = subject.inventory.observed.modes.iter().filter(open).collect();
            for special in all.iter().take(MOST) {
                let place = Place::File(special.path.clone(), special.layer);
                found.at(place, format!("mode {:04o}", special.mode.mode));
            }
            if all.len() > MOST {
                found.config(format!("and {} more folders that everybody may write", all.len() - MOST));
            }
        },
    },
];

/// Most files or folders that are named one by one.
const MOST: usize = 20;
