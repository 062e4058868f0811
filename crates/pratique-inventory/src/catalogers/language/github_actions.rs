//! Workflows of GitHub, and actions that are made of others: what they use.
//!
//! Follows GitHub's documentation, "Workflow syntax for GitHub Actions" and "Metadata syntax for GitHub
//! Actions": `jobs.ID.uses` calls a workflow, `jobs.ID.steps[].uses` and, in an `action.yml`,
//! `runs.steps[].uses` an action. What is used is `owner/repository[/path]@ref`, where the ref is a tag, a
//! branch or, as it should be, a commit. Then people write the tag into a comment behind it, from which tools
//! take it too: the commit is stated as the version, and the tag as a detail.
//!
//! `./path` is part of the same repository, `docker://image` an image: neither is an action that anybody
//! published. Workflows in an installed package are those by which its makers tested it, and are left alone.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::yaml::{self, Pairs};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Actions and workflows that workflows use.
pub struct GitHubActions;

const FORMAT: &str = "workflow or action of GitHub";

/// The key of the tag that a comment names beside a commit.
const TAG: &str = "tag";

/// The part of a path by which a called workflow is known from an action.
const WORKFLOWS: &str = ".github/workflows/";

/// Folders in which packages of others lie.
const INSTALLED: [&[u8]; 5] = [b"node_modules/", b"-packages/", b"/gems/", b"/vendor/", b"/pkg/mod/"];

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    jobs: Pairs<Option<Job>>,
    runs: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    uses: Option<String>,
    steps: Option<Vec<Step>>,
}

#[derive(Deserialize)]
struct Step {
    uses: Option<String>,
}

impl Cataloger for GitHubActions {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/github-actions", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/.github/workflows/*.yml", "**/.github/workflows/*.yaml", "**/action.yml", "**/action.yaml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let path = file.path.as_bytes();
        if INSTALLED.iter().any(|folder| memchr::memmem::find(path, folder).is_some()) {
            return false;
        }
        let folder = path.strip_suffix(file.path.file_name()).unwrap_or_default();
        match file.path.file_name() {
            b"action.yml" | b"action.yaml" => true,
            name => {
                (name.ends_with(b".yml") || name.ends_with(b".yaml"))
                    && folder.ends_with(WORKFLOWS.as_bytes())
            }
        }
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = yaml::text(file)?;
        // Other programs have files called action.yml.
        if !text.contains("uses") {
            return Ok(Reading::nothing());
        }
        let document: Document = yaml::parse(&text, FORMAT)?;
        let comments = comments(&text);
        let jobs = document.jobs.0.into_iter().filter_map(|(_, job)| job).chain(document.runs);
        let used = jobs.flat_map(|job| {
            let steps = job.steps.unwrap_or_default().into_iter().filter_map(|step| step.uses);
            job.uses.into_iter().chain(steps)
        });
        let mut reading = Reading::nothing();
        let mut packages: BTreeMap<String, Stated> = BTreeMap::new();
        for used in used {
            let used = used.trim();
            if used.starts_with("./") || used.starts_with("docker://") {
                continue;
            }
            match package(used, comments.get(used).copied()) {
                Some(stated) => drop(packages.insert(used.to_owned(), stated)),
                None => reading.problem(format!("`uses: {used}` is not owner/repository@ref")),
            }
        }
        reading.extend(packages.into_values(), file.limits);
        Ok(reading)
    }
}

fn package(used: &str, comment: Option<&str>) -> Option<Stated> {
    let (name, reference) = used.split_once('@')?;
    let (owner, repository) = name.split_once('/')?;
    if owner.is_empty() || repository.is_empty() || reference.is_empty() {
        return None;
    }
    let is_commit = reference.len() >= 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut stated = Stated {
        kind: if name.contains(WORKFLOWS) { PackageKind::GitHubWorkflow } else { PackageKind::GitHubAction },
        name: name.to_owned(),
        version: reference.to_owned(),
        locked_only: true,
        direct: Some(true),
        ..Stated::default()
    };
    if let Some(tag) = comment.filter(|_| is_commit) {
        stated.details.insert(TAG.to_owned(), tag.to_owned());
    }
    Some(stated)
}

/// The tags that comments name behind what is used: readers of YAML pass over comments, so they are looked
/// for in the lines. A line that only looks like one changes nothing: what is used is known from the
/// document.
fn comments(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("uses:")?;
        let (used, comment) = rest.split_once('#')?;
        let used = used.trim().trim_matches(['"', '\'']);
        let tag = comment.trim().trim_start_matches("tag=").split_whitespace().next()?;
        let number = tag.strip_prefix('v').unwrap_or(tag);
        number.starts_with(|c: char| c.is_ascii_digit()).then_some((used, tag))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const SHA: &str = "41dfa10bad2bb2ae585af6ee5bb4d7d973ad74ed";
    const WORKFLOW: &str = r#"on: [push]
jobs:
  call:
    uses: octo/repo/.github/workflows/workflow.yml@v1
  empty:
  build:
    runs-on: ubuntu-20.04
    steps:
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
      - run: |
          echo "uses: not/this@v1"
      - name: Local
        uses: ./.github/actions/x
      - uses: docker://alpine:3.8
      - uses: "actions/setup-go@41dfa10bad2bb2ae585af6ee5bb4d7d973ad74ed" # v5.1.0
      - uses: actions/cache/restore@main # 3 of them
"#;

    #[test]
    fn what_is_used() {
        let found = trial::packages(&GitHubActions, "src/.github/workflows/ci.yaml", WORKFLOW);
        let setup = format!("actions/setup-go {SHA}");
        let want = [
            "actions/cache/restore main",
            "actions/checkout v4",
            &setup,
            "octo/repo/.github/workflows/workflow.yml v1",
        ];
        assert_eq!(trial::ids(&found), want);
        assert_eq!(found[2].details["tag"], "v5.1.0");
        assert!(found[0].details.is_empty());
        assert_eq!(found[3].kind, PackageKind::GitHubWorkflow);
        let action = "runs:\n  using: composite\n  steps:\n    - uses: a/b@v1\n";
        let found = trial::packages(&GitHubActions, "x/action.yml", action);
        assert_eq!(trial::ids(&found), ["a/b v1"]);
    }

    #[test]
    fn what_is_not_of_github() {
        assert!(trial::packages(&GitHubActions, "action.yml", "- [no, action\n").is_empty());
        assert!(trial::packages(&GitHubActions, "action.yml", "uses: x\n").is_empty());
        assert!(!trial::wants(&GitHubActions, "workflows/ci.yml"));
        assert!(!trial::wants(&GitHubActions, "app/node_modules/a/.github/workflows/ci.yml"));
        assert!(trial::wants(&GitHubActions, ".github/workflows/ci.yml"));
    }

    #[test]
    fn says_what_makes_no_sense() {
        let text = "jobs: {a: {steps: [{uses: x}, {uses: 'a/@1'}]}}";
        let reading = trial::read(&GitHubActions, ".github/workflows/a.yml", text);
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 2));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&GitHubActions, ".github/workflows/a.yml", WORKFLOW);
        trial::keeps_to_the_limit(&GitHubActions, ".github/workflows/a.yml", WORKFLOW);
    }
}
