//! Ruby: locked and installed gems, beside what other tools list.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use common::oracle::{Difference, Is, compare_all};

/// Where we differ from the oracle: case, how, what, why.
const DIFFERENCES: &[Difference] = &[
    ("lang/ruby/gemfile-lock", Is::Ours, "local/Gemfile.lock nokogiri 1.13.3", PLATFORM),
    ("lang/ruby/gemfile-lock", Is::Theirs, "local/Gemfile.lock nokogiri 1.13.3-x86_64-linux", PLATFORM),
    ("lang/ruby/gemfile-lock", Is::Ours, "rails/Gemfile.lock nokogiri 1.13.3", PLATFORM),
    ("lang/ruby/gemfile-lock", Is::Theirs, "rails/Gemfile.lock nokogiri 1.13.3-x86_64-linux", PLATFORM),
    (
        "lang/ruby/gemfile-lock",
        Is::Purl,
        "pkg:gem/hanami-controller@2.0.0.alpha1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fhanami%2Fcontroller.git%40027dbe2e56397b534e859fc283990cad1b6addd6 pkg:gem/hanami-controller@2.0.0.alpha1",
        GIT,
    ),
    (
        "lang/ruby/gemfile-lock",
        Is::Purl,
        "pkg:gem/hanami-utils@2.0.0.alpha1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fhanami%2Futils.git%405904fc9a70683b8749aa2861257d0c8c01eae4aa pkg:gem/hanami-utils@2.0.0.alpha1",
        GIT,
    ),
    (
        "lang/ruby/gemfile-lock",
        Is::Purl,
        "pkg:gem/turbolinks@3.0.0?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Frails%2Fturbolinks.git%4080216ce9d89920bf073709405e3fce6d0a3ccd9a pkg:gem/turbolinks@3.0.0",
        GIT,
    ),
];

const CASES: &[&str] = &["lang/ruby/gemfile-lock", "lang/ruby/gemspec", "lang/ruby/gemspec-debian"];

const PLATFORM: &str =
    "the platform is no part of the version: with it, 1.13.3-x86_64-linux would be older than 1.13.3";
const GIT: &str = "a gem from git is not the one that rubygems.org has under this version";

#[test]
fn cases() {
    let found = compare_all(CASES, DIFFERENCES);
    let Some(rails) =
        found["lang/ruby/gemfile-lock"].iter().find(|p| p.name == "rails" && p.version == "4.1.1")
    else {
        return;
    };
    assert_eq!(rails.direct, Some(true));
    let mail = rails.depends.iter().find(|asked| asked.name == "actionmailer").unwrap();
    assert_eq!(mail.version.as_deref(), Some("4.1.1"));
    let installed = &found["lang/ruby/gemspec-debian"];
    assert!(installed.iter().all(|gem| !gem.licences.is_empty() || gem.name == "drb"), "{installed:#?}");
}
