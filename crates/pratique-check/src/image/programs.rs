//! Programs that have no place in a container.

use pratique_advisory::Level;
use pratique_inventory::Package;

use super::Images;
use crate::rule::{Check, Place, Rule};

fn installed<'s>(subject: &'s super::Subject<'_>, names: &'s [&str]) -> impl Iterator<Item = &'s Package> {
    subject
        .inventory
        .packages
        .iter()
        .filter(move |package| package.kind.is_os() && names.contains(&package.name.as_str()))
}

fn place(package: &Package) -> Place {
    match package.locations.first() {
        Some(location) => Place::File(location.path.clone(), package.layer),
        None => Place::Config,
    }
}

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI501",
            title: "Remote shell is installed",
            severity: Level::Medium,
            why: "A way into the container that nobody watches, with keys and passwords of its own.",
            remedy: "Leave it out: docker exec and kubectl exec need none.",
            references: &["CIS Docker 5.7"],
        },
        run: |subject, found| {
            let servers = [
                "openssh-server",
                "openssh",
                "dropbear",
                "telnetd",
                "telnet-server",
                "inetutils-telnetd",
                "busybox-telnetd",
            ];
            for package in installed(subject, &servers) {
                found.at(place(package), format!("{} {}", package.name, package.version));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI502",
            title: "sudo is installed",
            severity: Level::Medium,
            why: "It is a set-user-id program whose purpose is to make users root.",
            remedy: "Leave it out; use gosu or setpriv where a script must change its user.",
            references: &["CIS Docker 4.3", "CIS Docker 4.8"],
        },
        run: |subject, found| {
            for package in installed(subject, &["sudo", "doas"]) {
                found.at(place(package), format!("{} {}", package.name, package.version));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI503",
            title: "Compilers are installed",
            severity: Level::Low,
            why: "They help an intruder, bring packages that must be kept up to date, and make the image large.",
            remedy: "Build in a stage of its own and copy the result into a small one.",
            references: &["CIS Docker 4.3"],
        },
        run: |subject, found| {
            let compilers =
                ["gcc", "g++", "clang", "build-essential", "build-base", "make", "rustc", "cargo", "gdb"];
            let packages: Vec<_> = installed(subject, &compilers).collect();
            if !packages.is_empty() {
                let stated =
                    packages.iter().filter_map(|package| Some((package, package.locations.first()?)));
                let files =
                    stated.map(|(package, location)| (location.path.clone(), package.layer)).collect();
                let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
                found.files(files, names.join(", "));
            }
        },
    },
];
