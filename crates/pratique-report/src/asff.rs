//! AWS Security Finding Format (schema 2018-10-08), as `securityhub:BatchImportFindings` takes it.
//!
//! Account and region come from the [`crate::format::Aws`] of the context; the product is the account's `default` one, the
//! only one that needs no subscription. `Id` is made of the image's repository and the finding's fingerprint, so that the
//! next scan updates the finding and does not add another. Traps: an import call takes 100 findings (see
//! `docs/report-formats.md` for the one line that cuts them), titles 256 characters, descriptions 1024; strings must not be empty; a
//! resource has one package a vulnerability here, though the format allows more.

use std::io::Write;

use pratique_advisory::Level;
use serde_json::{Value, json};

use crate::{
    cvss,
    format::{Aws, Context, WriteError},
    identity,
    issue::{self, Issue, Kind},
    json,
    markup::{is_link, shortened},
    model::{FindingRow, Report},
    openvex::advice_for,
    product, publisher,
};

/// Writes the findings of `report` as `{"Findings": […]}`.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report).to_string();
    let fingerprints = identity::fingerprints(report);
    let mut findings: Vec<_> = report
        .findings
        .iter()
        .zip(&fingerprints)
        .map(|(row, fingerprint)| finding(report, &context.aws, row, fingerprint, &time))
        .collect();
    let issues = issue::issues(&report.checked);
    let of_issue = |(issue, fingerprint): (&Issue<'_>, String)| {
        checked(report, &context.aws, issue, &fingerprint, &time)
    };
    findings.extend(issues.iter().zip(issue::fingerprints(&issues)).map(of_issue));
    Ok(json::write(&json!({ "Findings": findings }), to)?)
}

/// A misconfiguration, a secret or a licence.
fn checked(report: &Report, aws: &Aws, issue: &Issue<'_>, fingerprint: &str, time: &str) -> Value {
    let Aws { account, region } = aws;
    let repository = product::repository(&report.target);
    let kind = match issue.kind {
        // There is no category for how images are made, or for licences: the namespace alone is allowed.
        Kind::Misconfiguration | Kind::License => "Software and Configuration Checks",
        Kind::Secret => "Sensitive Data Identifications/Passwords",
    };
    let severity = json!({ "Label": label(issue.level), "Original": issue.level.as_str() });
    let mut recommendation = json!({ "Text": shortened(issue.remedy, 512) });
    if let Some(url) = issue.references.iter().find(|reference| is_link(reference)) {
        recommendation["Url"] = url.as_str().into();
    }
    let mut fields = json!({
        "pratique/Version": report.tool.version,
        "pratique/Kind": issue.kind.as_str(),
        "pratique/Place": shortened(&issue.place, 1024),
    });
    if let Some(layer) = issue.layer {
        fields["pratique/LayerIndex"] = layer.index.to_string().into();
    }
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("{repository}/{}/{fingerprint}", issue.id),
        "ProductArn": format!("arn:{}:securityhub:{region}:{account}:product/{account}/default", aws.partition()),
        "ProductName": "Pratique",
        "CompanyName": "Pratique",
        "Region": region,
        "GeneratorId": format!("pratique/{}", issue.id),
        "AwsAccountId": account,
        "Types": [kind],
        "CreatedAt": time,
        "UpdatedAt": time,
        "Severity": severity,
        "Title": shortened(&format!("{}: {}", issue.title, issue.place), 256),
        "Description": shortened(&format!("{}. {}", issue.message, issue.why), 1024),
        "Remediation": { "Recommendation": recommendation },
        "ProductFields": fields,
        "Resources": [resource(report, aws)],
        "FindingProviderFields": { "Severity": severity, "Types": [kind] },
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
    })
}

fn finding(report: &Report, aws: &Aws, row: &FindingRow, fingerprint: &str, time: &str) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let Aws { account, region } = aws;
    let repository = product::repository(&report.target);
    let title = format!("{} in {} {}", finding.id, package.full_name(), package.version);
    let described = row.description.as_deref().or(finding.title.as_deref()).unwrap_or(&title);
    let label = label(finding.level());
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("{repository}/{}/{fingerprint}", finding.id),
        "ProductArn": format!("arn:{}:securityhub:{region}:{account}:product/{account}/default", aws.partition()),
        "ProductName": "Pratique",
        "CompanyName": "Pratique",
        "Region": region,
        "GeneratorId": format!("pratique/{}", finding.id),
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "CreatedAt": time,
        "UpdatedAt": time,
        "Severity": { "Label": label, "Original": finding.level().as_str() },
        "Title": shortened(&title, 256),
        "Description": shortened(described, 1024),
        "Remediation": { "Recommendation": {
            "Text": shortened(&advice_for(row), 512),
            "Url": publisher::page(&finding.id),
        }},
        "ProductFields": {
            "pratique/Version": report.tool.version,
            "pratique/DatabaseCreated": report.database.created,
            "pratique/PackageUrl": package.purl,
            "pratique/LayerIndex": package.layer.index.to_string(),
        },
        "Resources": [resource(report, aws)],
        "Vulnerabilities": [vulnerability(row)],
        "FindingProviderFields": {
            "Severity": { "Label": label, "Original": finding.level().as_str() },
            "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        },
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
    })
}

/// An image of ECR where the reference is one of this account, else a container.
fn resource(report: &Report, aws: &Aws) -> Value {
    let target = &report.target;
    let partition = aws.partition();
    let reference = product::reference(target);
    let ecr = reference
        .as_ref()
        .and_then(|r| Some((r.repository(), account_of(r.host())?, target.digest.as_ref()?)));
    if let Some((repository, account, digest)) = ecr {
        let mut details =
            json!({ "RegistryId": account, "RepositoryName": repository, "ImageDigest": digest });
        if let Some(architecture) = product::architecture(target) {
            details["Architecture"] = architecture.into();
        }
        if let Some(tag) = reference.as_ref().and_then(|r| r.tag()) {
            details["ImageTags"] = json!([tag]);
        }
        return json!({
            "Type": "AwsEcrContainerImage",
            "Id": format!("arn:{partition}:ecr:{}:{account}:repository/{repository}/{digest}", aws.region),
            "Partition": partition,
            "Region": aws.region,
            "Details": { "AwsEcrContainerImage": details },
        });
    }
    let mut container = json!({ "ImageName": target.name });
    if let Some(id) = &target.image_id {
        container["ImageId"] = id.as_str().into();
    }
    json!({
        "Type": "Container",
        "Id": target.name,
        "Partition": partition,
        "Region": aws.region,
        "Details": { "Container": container },
    })
}

/// The account whose private registry `host` is: `123456789012.dkr.ecr.…`.
fn account_of(host: &str) -> Option<&str> {
    let (account, rest) = host.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && rest.starts_with("dkr.ecr.")).then_some(account)
}

fn vulnerability(row: &FindingRow) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let mut affected = json!({ "Name": package.full_name(), "PackageManager": manager(&package.kind) });
    let optional = [
        ("Version", Some(package.version.clone())),
        ("Architecture", package.arch.clone()),
        ("FixedInVersion", finding.fixed_version.clone()),
        ("FilePath", package.locations.first().cloned()),
        ("Remediation", Some(advice_for(row))),
        ("SourceLayerHash", package.layer.known_digest().map(str::to_owned)),
    ];
    for (key, value) in optional {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            affected[key] = value.into();
        }
    }
    let cvss: Vec<_> = cvss::vectors(finding)
        .into_iter()
        .map(|rating| {
            json!({
                "Version": cvss::version(rating),
                "BaseScore": rating.score.map(json::decimal),
                "BaseVector": rating.value,
                "Source": publisher::of(&rating.source).name,
            })
        })
        .collect();
    let record = finding.advisories.first().map_or(&finding.id, |evidence| &evidence.id);
    let mut out = json!({
        "Id": finding.id,
        "VulnerablePackages": [affected],
        "Cvss": cvss,
        "RelatedVulnerabilities": finding.aliases,
        "Vendor": { "Name": publisher::of(record).name, "Url": publisher::page(record),
            "VendorSeverity": finding.level().as_str() },
        "ReferenceUrls": row.references.iter().filter(|url| is_link(url)).collect::<Vec<_>>(),
        "FixAvailable": if finding.fixed_version.is_some() { "YES" } else { "NO" },
        "ExploitAvailable": if finding.known_exploited.is_some() { "YES" } else { "NO" },
    });
    if let Some(epss) = finding.epss {
        out["EpssScore"] = json::decimal(epss.score).into();
    }
    out
}

/// What Inspector calls the package manager of this kind.
pub(crate) fn manager(kind: &str) -> &'static str {
    match kind {
        "deb" | "apk" | "rpm" | "alpm" | "portage" | "opkg" => "OS",
        "npm" => "NODEPKG",
        "python" => "PYTHONPKG",
        "go-module" => "GOBINARY",
        "rust-crate" => "CARGO",
        "java-archive" | "jenkins-plugin" => "JAR",
        "gem" => "GEMSPEC",
        "php-composer" => "COMPOSER",
        "dotnet" => "NUGET",
        _ => "GENERIC",
    }
}

fn label(level: Level) -> &'static str {
    match level {
        Level::Critical => "CRITICAL",
        Level::High => "HIGH",
        Level::Medium => "MEDIUM",
        Level::Low => "LOW",
        Level::Negligible | Level::Unknown => "INFORMATIONAL",
    }
}
