//! Java archives of the shared fixtures against what Syft says of them.

mod common;

use std::collections::BTreeSet;

use common::{difference, fixtures, json, read_tree};
use pratique_inventory::{Fact, catalogers::language::java::JavaArchives};

/// Where we differ from the oracle in what is stated: case, only ours, only theirs, why.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[];

/// Where we differ from the oracle in the group of a package both state: name, ours, theirs, why.
const GROUPS: &[(&str, &str, &str, &str)] = &[];

/// Archives that are damaged or otherwise not whole, and must be told: path, part of what is said.
const PROBLEMS: &[(&str, &str)] = &[];

#[test]
fn archives_of_the_fixtures() {
    let Some(fixtures) = fixtures("golden Java archives") else { return };
    let (mut only_ours, mut only_theirs) = (Vec::new(), Vec::new());
    let (mut groups, mut problems) = (BTreeSet::new(), Vec::new());
    for case in ["cassandra-jars", "jar-real", "jars-edge", "nested", "spark-jars"] {
        let folder = fixtures.join("lang/java").join(case);
        let expected = json(&folder, "expected.json").unwrap();
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        let (mut their_groups, mut our_groups) = (BTreeSet::new(), Vec::new());
        for package in expected["packages"].as_array().unwrap() {
            let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
            let version = if version == "UNKNOWN" { "" } else { version };
            for at in package["locations"].as_array().unwrap() {
                let line = format!("{case} {} {name} {version}", at.as_str().unwrap());
                let purl = package["purl"].as_str().unwrap().strip_prefix("pkg:maven/").unwrap();
                their_groups.insert((line.clone(), purl.split('/').next().unwrap().to_owned()));
                theirs.push(line);
            }
        }
        for read in read_tree(&[&JavaArchives], &folder.join("root")) {
            let reading = match read.result {
                Ok(reading) => reading,
                Err(error) => {
                    problems.push(format!("{}: {error}", read.path));
                    continue;
                }
            };
            problems.extend(reading.problems.iter().map(|problem| format!("{}: {problem}", read.path)));
            for fact in reading.facts {
                let Fact::Package(stated) = fact else { continue };
                let line = format!("{case} {} {} {}", read.path, stated.name, stated.version);
                our_groups.push((line.clone(), stated.name.clone(), stated.namespace.unwrap_or_default()));
                ours.push(line);
            }
        }
        for (line, name, group) in our_groups {
            let known: Vec<_> = their_groups.iter().filter(|(theirs, _)| *theirs == line).collect();
            if !known.is_empty() && !known.iter().any(|(_, theirs)| *theirs == group) {
                groups.insert((name, group, known[0].1.clone()));
            }
        }
        let (left, right) = difference(ours, theirs);
        only_ours.extend(left);
        only_theirs.extend(right);
    }
    let known = |side: fn(&(&'static str, &'static str, &'static str, &'static str)) -> &'static str,
                 case: fn(&str, &str) -> String| {
        let mut all: Vec<String> =
            DIFFERENCES.iter().filter(|d| !side(d).is_empty()).map(|d| case(d.0, side(d))).collect();
        all.sort();
        all
    };
    only_ours.sort();
    only_theirs.sort();
    assert_eq!(only_ours, known(|d| d.1, |case, line| format!("{case} {line}")), "only ours");
    assert_eq!(only_theirs, known(|d| d.2, |case, line| format!("{case} {line}")), "only theirs");
    let groups: Vec<_> = groups.iter().map(|(n, o, t)| (n.as_str(), o.as_str(), t.as_str())).collect();
    let known: BTreeSet<_> = GROUPS.iter().map(|(name, ours, theirs, _)| (*name, *ours, *theirs)).collect();
    assert_eq!(groups, known.into_iter().collect::<Vec<_>>(), "groups: name, ours, theirs");
    assert_eq!(problems.len(), PROBLEMS.len(), "{problems:#?}");
    for ((path, what), problem) in PROBLEMS.iter().zip(&problems) {
        assert!(problem.starts_with(path) && problem.contains(what), "{problem}");
    }
}
