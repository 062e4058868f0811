use pratique_advisory::{Affected, SkipReason, State, feeds::Vex};

use super::{Files, Outcome, damage, read, sample, samples};

const OPENVEX: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/1","author":"A",
  "timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[
  {"vulnerability":{"name":"CVE-2024-1","aliases":["GHSA-aaaa-bbbb-cccc","https://example.com/CVE-2024-1"],
    "description":"It breaks."},"products":[{"@id":"pkg:npm/left-pad"}],"status":"not_affected",
    "justification":"vulnerable_code_not_present"},
  {"vulnerability":{"name":"CVE-2024-1"},"products":["pkg:npm/right-pad@1.0.0",{"@id":"x","identifiers":{"purl":
    "pkg:npm/right-pad@1.1.0"}}],"status":"affected"},
  {"vulnerability":"CVE-2024-2","products":[{"@id":"pkg:npm/left-pad@2.0.0"}],"status":"under_investigation"},
  {"vulnerability":"CVE-2024-2","timestamp":"2024-02-01T00:00:00Z","products":[{"@id":"pkg:npm/left-pad@2.0.0"}],
    "status":"fixed"},
  {"vulnerability":"CVE-2024-2","timestamp":"2023-02-01T00:00:00Z","products":[{"@id":"pkg:npm/left-pad@2.0.0"}],
    "status":"affected"},
  {"vulnerability":"CVE-2024-3","products":[{"@id":"pkg:npm/app","subcomponents":[{"@id":"pkg:npm/left-pad"}]},
    {"@id":"pkg:oci/app"},{"@id":"pkg:deb/debian/curl"},{"@id":"https://example.com/app"}],"status":"not_affected"},
  {"vulnerability":"CVE-2024-3","products":[{"@id":"pkg:pypi/app"}],"status":"fixed"},
  {"vulnerability":"CVE-2024-4","products":[{"@id":"pkg:pypi/App_Two"}],"status":"affected"}]}"#;

const CSAF: &str = r#"{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"T","tracking":{"id":"X",
  "current_release_date":"2024-03-03T11:00:00.000Z"}},"product_tree":{"branches":[{"category":"vendor","name":"V",
  "branches":[{"category":"product_name","name":"n","product":{"name":"n","product_id":"1",
  "product_identification_helper":{"purl":"pkg:maven/org.example/lib@4.2"}}}]}],
  "full_product_names":[{"name":"box","product_id":"2"}],
  "relationships":[{"category":"default_component_of","full_product_name":{"name":"lib of box","product_id":"3"},
  "product_reference":"1","relates_to_product_reference":"2"}]},
  "vulnerabilities":[{"cve":"CVE-2024-5","product_status":{"known_not_affected":["1"],"known_affected":["2","3"]}}]}"#;

#[test]
fn each_status_with_and_without_a_version() -> Outcome {
    let files = Files::folder([
        ("a/openvex.json", OPENVEX.into()),
        ("b/csaf.json", CSAF.into()),
        ("c/other.json", b"{}".to_vec()),
        ("vex-repository.json", b"{}".to_vec()),
    ]);
    let imported = read(&Vex, files)?;
    let rows = |ecosystem: &str, package: &str| imported.rows(ecosystem, package);
    assert_eq!(
        rows("npm", "left-pad")?,
        // The newest of three statements about 2.0.0, for that version alone.
        ["VEX-CVE-2024-1 NotAffected", "VEX-CVE-2024-2 [\"2.0.0\"] NotAffected"]
    );
    assert_eq!(
        rows("npm", "right-pad")?,
        ["VEX-CVE-2024-1 [\"1.0.0\"] Unstated", "VEX-CVE-2024-1 [\"1.1.0\"] Unstated"]
    );
    assert_eq!(rows("PyPI", "app-two")?, ["VEX-CVE-2024-4 >=0 Unstated"]);
    assert_eq!(rows("Maven", "org.example:lib")?, ["VEX-CVE-2024-5 [\"4.2\"] NotAffected"]);
    assert_eq!(imported.entries(), 6);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        [
            "1 statements: they are about container images",
            "1 statements: they are about packages of a distribution, and do not say of which release",
            "1 statements: they say that a package is fixed, and not in which version",
            "2 statements: they are about a component within a product",
            "2 statements: they name no package of an ecosystem that is known here",
        ]
    );
    assert_eq!(
        imported.skipped(SkipReason::Unusable),
        ["c/other.json: it is neither an OpenVEX nor a CSAF document"]
    );

    let record = imported.database.record(imported.database.find("GHSA-aaaa-bbbb-cccc")?[0])?;
    assert_eq!(record.aliases().collect::<Vec<_>>(), ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"]);
    let candidates = imported.database.affected("npm", "left-pad")?;
    let (here, elsewhere) = (candidates.locate("2.0.0"), candidates.locate("2.0.1"));
    let listed = |entry: Affected<'_>| {
        assert_eq!(entry.state(), State::NotAffected);
        (entry.versions().is_empty(), entry.versions().has(here), entry.versions().has(elsewhere))
    };
    let listed: Vec<_> = candidates.map(|entry| entry.map(listed)).collect();
    // One is about all versions, the other about this one alone.
    assert!(matches!(listed[..], [Ok((true, ..)), Ok((false, true, false))]));
    Ok(())
}

#[test]
fn damage_is_survived() {
    let files = Files::folder([("a.json", OPENVEX.into()), ("b.json", CSAF.into())]);
    damage::throw(&Vex, &files, "a.json");
    damage::throw(&Vex, &files, "b.json");
    let index = r#"{"packages":[{"id":"pkg:npm/left-pad","location":"a.json"}]}"#;
    let files = Files::server([("a.json", OPENVEX.into()), ("index.json", index.into())]);
    damage::throw(&Vex, &files, "index.json");
}

#[test]
fn every_statement_of_a_hardened_image_is_accounted_for() -> Outcome {
    let Some(json) = sample("openvex/images/dhi-bash.vex.json.gz") else { return Ok(()) };
    let imported = read(&Vex, Files::folder([("bash.vex.json.gz", json)]))?;
    // 44 about packages of Debian 13 and 2 of Alpine, one of them twice; the binary packages are of no release.
    assert_eq!(imported.entries(), 45);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        [
            "449 statements: they are about packages of a distribution, and do not say of which release",
            "92 statements: they are about a component within a product",
        ]
    );
    Ok(())
}

#[test]
fn a_repository_is_read_by_its_index() {
    let Some(folder) = samples("openvex/repository") else { return };
    // What is there of it is about components within products: 171 + 21 statements.
    let problem = read(&Vex, folder).err().map(|problem| problem.to_string()).unwrap_or_default();
    assert!(problem.contains("192 statements: they are about a component within a product"), "{problem}");
}
