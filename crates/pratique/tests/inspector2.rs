//! Inspector's operations, asked by the aws command line of a server that an image was pushed to by skopeo.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    collections::BTreeSet,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{Pratique, demo_image, has, text, workspace};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A server with the demo's advisories, ended when dropped.
struct Server {
    process: Child,
    host: String,
    home: Pratique,
    aws: PathBuf,
}

impl Server {
    /// `None`, with the reason printed, without skopeo and the aws command line.
    fn start() -> Option<Self> {
        let peers = std::env::var_os("PRATIQUE_PEERS")
            .map_or_else(|| workspace().join("target/peers"), PathBuf::from);
        let aws = peers.join("python/bin/aws");
        if !aws.exists() {
            println!("skipped: no {} (./test.sh installs it)", aws.display());
            return None;
        }
        if !has("skopeo") {
            return None;
        }
        let (home, database) = Pratique::with_database();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let process = home
            .command()
            .args(["serve", "--listen", &host, "--account", "111122223333", "--log", "warn", "--data"])
            .arg(home.home.path().join("data"))
            .arg("--db")
            .arg(database)
            .env("PRATIQUE_ACCESS_KEY_ID", KEY)
            .env("PRATIQUE_SECRET_ACCESS_KEY", SECRET)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&host).is_err() {
            assert!(Instant::now() < deadline, "the server did not come up on {host}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { process, host, home, aws })
    }

    fn push(&self, image: &Path, name: &str) {
        let output = Command::new("skopeo")
            .args(["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"])
            .arg(format!("--dest-creds={KEY}:{SECRET}"))
            .arg(format!("oci-archive:{}", image.display()))
            .arg(format!("docker://{}/{name}", self.host))
            .output()
            .unwrap();
        assert!(output.status.success(), "skopeo: {}", text(&output.stderr));
    }

    /// Runs `aws inspector2 …`; what it prints, or the error.
    fn try_aws(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = Command::new(&self.aws)
            .arg("inspector2")
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.home.path())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.host))
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("NO_PROXY", "*")
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(text(&output.stderr));
        }
        let printed = text(&output.stdout);
        Ok(if printed.trim().is_empty() { Value::Null } else { serde_json::from_str(&printed).unwrap() })
    }

    fn aws(&self, arguments: &[&str]) -> Value {
        self.try_aws(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// All findings that fit, over as many pages as it takes.
    fn findings(&self, criteria: &Value, more: &[&str]) -> Vec<Value> {
        let criteria = criteria.to_string();
        let mut arguments = vec!["list-findings", "--filter-criteria", &criteria];
        arguments.extend(more);
        self.aws(&arguments)["findings"].as_array().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn equals(value: &str) -> Value {
    json!([{"comparison": "EQUALS", "value": value}])
}

fn arns(findings: &[Value]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding["findingArn"].as_str().unwrap()).collect()
}

/// One server for all: pushing and starting take longer than asking.
#[test]
fn inspector_tells_what_is_wrong_with_what_was_pushed() {
    let Some(server) = Server::start() else { return };
    server.push(&demo_image(), "team/app:v1");
    server.push(&demo_image(), "other:v2");

    let all = server.findings(&json!({}), &[]);
    assert!(!all.is_empty());
    check_findings(&server, &all);
    check_details(&server, &all);
    check_aggregations(&server, &all);
    check_coverage(&server);
    check_filters(&server, &all);
    check_configuration(&server);
    check_export(&server);
    check_account(&server);
}

fn check_findings(server: &Server, all: &[Value]) {
    let finding = &all[0];
    for member in ["description", "severity", "firstObservedAt", "updatedAt", "status", "title", "type"] {
        assert!(!finding[member].is_null(), "{member} of {finding}");
    }
    let image = &finding["resources"][0];
    assert_eq!(image["type"], "AWS_ECR_CONTAINER_IMAGE");
    let details = &image["details"]["awsEcrContainerImage"];
    assert_eq!(details["registry"], "111122223333");
    let package = &finding["packageVulnerabilityDetails"]["vulnerablePackages"][0];
    assert!(package["sourceLayerHash"].as_str().unwrap().starts_with("sha256:"), "{package}");
    // One for each vulnerability and image.
    assert_eq!(arns(all).len(), all.len());
    let of_app = server.findings(&json!({"ecrImageRepositoryName": equals("team/app")}), &[]);
    let of_other = server.findings(
        &json!({"ecrImageRepositoryName": [{"comparison": "NOT_EQUALS", "value": "team/app"}]}),
        &[],
    );
    assert_eq!(of_app.len(), of_other.len());
    assert_eq!(of_app.len() + of_other.len(), all.len());
    assert!(arns(&of_app).is_disjoint(&arns(&of_other)));

    // Pages of any size tell the same, once each, in order.
    let sorted = server
        .findings(&json!({}), &["--page-size", "3", "--sort-criteria", "field=EPSS_SCORE,sortOrder=DESC"]);
    assert_eq!(arns(&sorted), arns(all));
    assert_eq!(sorted.len(), all.len());
    let scores: Vec<f64> =
        sorted.iter().map(|finding| finding["epss"]["score"].as_f64().unwrap_or(-1.0)).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    let paged = server.findings(&json!({}), &["--page-size", "1"]);
    assert_eq!(paged, all);

    // What has to be found again in the layers.
    let layer = package["sourceLayerHash"].as_str().unwrap();
    let in_layer =
        server.findings(&json!({"vulnerablePackages": [{"sourceLayerHash": equals(layer)[0]}]}), &[]);
    assert!(arns(&in_layer).contains(finding["findingArn"].as_str().unwrap()));
    let tagged = server.findings(&json!({"ecrImageTags": equals("v2")}), &[]);
    assert_eq!(arns(&tagged), arns(&of_other));
    let severe = server.findings(&json!({"severity": equals("CRITICAL")}), &[]);
    let want: Vec<Value> = all.iter().filter(|finding| finding["severity"] == "CRITICAL").cloned().collect();
    assert_eq!(severe, want);

    let error = server.try_aws(&["list-findings", "--next-token", "nonsense"]).unwrap_err();
    assert!(error.contains("ValidationException"), "{error}");
    let error = server.try_aws(&["list-findings", "--sort-criteria", "field=AGE,sortOrder=ASC"]).unwrap_err();
    assert!(error.contains("ValidationException"), "{error}");
}

fn check_details(server: &Server, all: &[Value]) {
    let arn = all[0]["findingArn"].as_str().unwrap();
    let none = format!("{}{}", arn.rsplit_once('/').unwrap().0, "/00000000000000000000000000000000");
    let details = server.aws(&["batch-get-finding-details", "--finding-arns", arn, &none]);
    assert_eq!(details["findingDetails"][0]["findingArn"], arn);
    assert_eq!(details["errors"][0]["findingArn"], *none);
    assert_eq!(details["errors"][0]["errorCode"], "FINDING_DETAILS_NOT_FOUND");

    let cve =
        all.iter().map(|finding| finding["packageVulnerabilityDetails"]["vulnerabilityId"].as_str().unwrap());
    let cve = cve.filter(|id| id.starts_with("CVE-")).max().unwrap();
    let criteria = json!({"vulnerabilityIds": [cve]}).to_string();
    let found = server.aws(&["search-vulnerabilities", "--filter-criteria", &criteria]);
    assert_eq!(found["vulnerabilities"][0]["id"], *cve);
    let criteria = json!({"vulnerabilityIds": ["CVE-1999-999999"]}).to_string();
    let found = server.aws(&["search-vulnerabilities", "--filter-criteria", &criteria]);
    assert_eq!(found["vulnerabilities"], json!([]));
}

fn check_aggregations(server: &Server, all: &[Value]) {
    let count = all.len();
    let of = |kind: &str| {
        let answer = server.aws(&["list-finding-aggregations", "--aggregation-type", kind]);
        answer["responses"].as_array().unwrap().clone()
    };
    let types = of("FINDING_TYPE");
    assert_eq!(types[0]["findingTypeAggregation"]["severityCounts"]["all"], count);
    assert_eq!(of("ACCOUNT")[0]["accountAggregation"]["accountId"], "111122223333");
    let repositories = of("REPOSITORY");
    assert_eq!(repositories.len(), 2);
    assert_eq!(repositories[0]["repositoryAggregation"]["affectedImages"], 1);
    let images = of("AWS_ECR_CONTAINER");
    let tags =
        images.iter().map(|image| image["awsEcrContainerAggregation"]["imageTags"][0].as_str().unwrap());
    assert_eq!(tags.collect::<BTreeSet<_>>(), BTreeSet::from(["v1", "v2"]));
    let layers = of("IMAGE_LAYER");
    assert!(layers.iter().all(|layer| layer["imageLayerAggregation"]["layerHash"].is_string()), "{layers:?}");
    let packages = of("PACKAGE");
    let counts: Vec<u64> = packages
        .iter()
        .map(|package| package["packageAggregation"]["severityCounts"]["all"].as_u64().unwrap())
        .collect();
    assert!(counts.is_sorted_by(|one, other| one >= other), "{counts:?}");
    let title = all[0]["title"].as_str().unwrap();
    let request = json!({"titleAggregation": {"titles": equals(title)}}).to_string();
    let answer = server.aws(&[
        "list-finding-aggregations",
        "--aggregation-type",
        "TITLE",
        "--aggregation-request",
        &request,
    ]);
    assert_eq!(answer["responses"].as_array().unwrap().len(), 1);
    assert_eq!(answer["responses"][0]["titleAggregation"]["title"], title);
    assert!(of("AMI").is_empty());
}

fn check_coverage(server: &Server) {
    let covered = server.aws(&["list-coverage", "--page-size", "1"]);
    let covered = covered["coveredResources"].as_array().unwrap().clone();
    assert_eq!(covered.len(), 4, "two repositories with an image each: {covered:?}");
    assert!(covered.iter().all(|resource| resource["scanStatus"]["reason"] == "SUCCESSFUL"), "{covered:?}");
    let criteria = json!({"resourceType": equals("AWS_ECR_CONTAINER_IMAGE")}).to_string();
    let images = server.aws(&["list-coverage", "--filter-criteria", &criteria]);
    assert_eq!(images["coveredResources"].as_array().unwrap().len(), 2);
    let counted = server.aws(&["list-coverage-statistics", "--group-by", "SCAN_STATUS_CODE"]);
    assert_eq!(counted["totalCounts"], 4);
    assert_eq!(counted["countsByGroup"], json!([{"groupKey": "SCAN_STATUS_CODE", "count": 4}]));
}

fn check_filters(server: &Server, all: &[Value]) {
    let id = all[0]["packageVulnerabilityDetails"]["vulnerabilityId"].as_str().unwrap();
    let criteria = json!({"vulnerabilityId": equals(id)}).to_string();
    let create = ["create-filter", "--name", "known", "--action", "SUPPRESS", "--filter-criteria", &criteria];
    let made = server.aws(&[&create[..], &["--tags", "team=a"]].concat());
    let arn = made["arn"].as_str().unwrap();
    let error = server.try_aws(&create).unwrap_err();
    assert!(error.contains("BadRequestException"), "{error}");
    let listed = server.aws(&["list-filters"]);
    assert_eq!(listed["filters"][0]["criteria"]["vulnerabilityId"], equals(id));
    let suppressed = server.findings(&json!({"findingStatus": equals("SUPPRESSED")}), &[]);
    assert!(!suppressed.is_empty());
    assert!(
        suppressed.iter().all(|finding| finding["packageVulnerabilityDetails"]["vulnerabilityId"] == *id)
    );
    let active = server.findings(&json!({"findingStatus": equals("ACTIVE")}), &[]);
    assert_eq!(active.len() + suppressed.len(), all.len());

    server.aws(&["update-filter", "--filter-arn", arn, "--action", "NONE", "--reason", "not now"]);
    assert!(server.findings(&json!({"findingStatus": equals("SUPPRESSED")}), &[]).is_empty());
    assert_eq!(server.aws(&["list-filters", "--action", "SUPPRESS"])["filters"], json!([]));

    server.aws(&["tag-resource", "--resource-arn", arn, "--tags", "stage=test"]);
    server.aws(&["untag-resource", "--resource-arn", arn, "--tag-keys", "team"]);
    let tags = server.aws(&["list-tags-for-resource", "--resource-arn", arn]);
    assert_eq!(tags["tags"], json!({"stage": "test"}));
    server.aws(&["delete-filter", "--arn", arn]);
    let error = server.try_aws(&["delete-filter", "--arn", arn]).unwrap_err();
    assert!(error.contains("ResourceNotFoundException"), "{error}");
}

fn check_configuration(server: &Server) {
    let state = |server: &Server| {
        server.aws(&["get-configuration"])["ecrConfiguration"]["rescanDurationState"].clone()
    };
    assert_eq!(state(server)["rescanDuration"], "LIFETIME");
    let wanted = r#"{"rescanDuration":"DAYS_30","pullDateRescanDuration":"DAYS_14","pullDateRescanMode":"LAST_PULL_DATE"}"#;
    server.aws(&["update-configuration", "--ecr-configuration", wanted]);
    let now = state(server);
    assert_eq!(now["rescanDuration"], "DAYS_30");
    assert_eq!(now["pullDateRescanDuration"], "DAYS_14");
    assert_eq!(now["status"], "SUCCESS");
    assert!(!now["updatedAt"].is_null());
    let error = server.try_aws(&["update-configuration", "--ecr-configuration", "rescanDuration=DAYS_5"]);
    assert!(error.unwrap_err().contains("ValidationException"));
}

fn check_export(server: &Server) {
    let key = "kmsKeyArn=arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000";
    let destination = format!("bucketName=sboms,keyPrefix=daily,{key}");
    for (form, says) in [("CYCLONEDX_1_4", r#""CycloneDX""#), ("SPDX_2_3", r#""SPDX-2.3""#)] {
        let made =
            server.aws(&["create-sbom-export", "--report-format", form, "--s3-destination", &destination]);
        let id = made["reportId"].as_str().unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let report = server.aws(&["get-sbom-export", "--report-id", id]);
            match report["status"].as_str() {
                Some("SUCCEEDED") => break,
                Some("IN_PROGRESS") if Instant::now() < deadline => {}
                _ => panic!("{report}"),
            }
        }
        let folder = server.home.home.path().join(format!(
            "data/exports/sboms/daily/{form}_outputs_{id}/account=111122223333/resource=AWS_ECR_CONTAINER_IMAGE"
        ));
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 2);
        assert!(files.iter().all(|file| std::fs::read_to_string(file).unwrap().contains(says)));
    }
    let astray = format!("bucketName=sboms,keyPrefix=../..,{key}");
    let error =
        server.try_aws(&["create-sbom-export", "--report-format", "SPDX_2_3", "--s3-destination", &astray]);
    assert!(error.unwrap_err().contains("ValidationException"));
    let error = server.try_aws(&["get-sbom-export", "--report-id", "00000000-0000-0000-0000-000000000000"]);
    assert!(error.unwrap_err().contains("ResourceNotFoundException"));
}

fn check_account(server: &Server) {
    let status = |server: &Server| {
        server.aws(&["batch-get-account-status"])["accounts"][0]["resourceState"]["ecr"]["status"].clone()
    };
    assert_eq!(status(server), "ENABLED");
    let off = server.aws(&["disable", "--resource-types", "ECR"]);
    assert_eq!(off["accounts"][0]["resourceStatus"]["ecr"], "DISABLED");
    assert_eq!(status(server), "DISABLED");
    assert!(server.findings(&json!({}), &[]).is_empty());
    let on = server.aws(&["enable", "--resource-types", "ECR"]);
    assert_eq!(on["accounts"][0]["status"], "ENABLED");
    assert!(!server.findings(&json!({}), &[]).is_empty());
    let other = server.aws(&["batch-get-account-status", "--account-ids", "999999999999"]);
    assert_eq!(other["failedAccounts"][0]["errorCode"], "ACCESS_DENIED");
}
