//! Java archives of the shared fixtures against what Syft says of them.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use std::collections::BTreeSet;

use common::{difference, fixtures, json, read_tree};
use pratique_inventory::{Fact, catalogers::language::java::JavaArchives};

/// Where we differ from the oracle in what is stated: case, only ours, only theirs, why.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[
    (
        "cassandra-jars",
        "usr/share/cassandra/lib/cassandra-driver-core-3.11.0-shaded.jar cassandra-driver-core 3.11.0",
        "usr/share/cassandra/lib/cassandra-driver-core-3.11.0-shaded.jar core 3.11.0-shaded",
        "Maven Central has com.datastax.cassandra:cassandra-driver-core:3.11.0 with the classifier `shaded`",
    ),
    (
        "jar-real",
        "lib/test.par par-app 3.0.0",
        "",
        "it has a pom.properties of its own; syft leaves it out for want of a manifest",
    ),
    (
        "jars-edge",
        "lib/com.google.src.yolo-0.1.2.jar com.google.src.yolo 0.1.2",
        "lib/com.google.src.yolo-0.1.2.jar yolo 0.1.2",
        "libraries named after their bundle have that name as artifact (org.eclipse.sisu:org.eclipse.sisu.inject)",
    ),
    ("jars-edge", "lib/no_pom_properties-2.4.0.jar no_pom_properties 2.4.0", "", NO_MANIFEST),
    ("jars-edge", "lib/org.eclipse.sisu.inject-0.3.5.jar org.eclipse.sisu.inject 0.3.5", "", NO_MANIFEST),
    ("jars-edge", "lib/pom_missing_group_id-2.4.0.jar pom_missing_group_id 2.4.0", "", NO_MANIFEST),
    ("spark-jars", "opt/spark/jars/javax.inject-1.jar javax.inject 1", "", NO_MANIFEST),
    (
        "spark-jars",
        "opt/spark/jars/apacheds-i18n-2.0.0-M15.jar apacheds-i18n 2.0.0-M15",
        "opt/spark/jars/apacheds-i18n-2.0.0-M15.jar i18n 2.0.0-M15",
        LAST_PART,
    ),
    (
        "spark-jars",
        "opt/spark/jars/apacheds-kerberos-codec-2.0.0-M15.jar apacheds-kerberos-codec 2.0.0-M15",
        "opt/spark/jars/apacheds-kerberos-codec-2.0.0-M15.jar codec 2.0.0-M15",
        LAST_PART,
    ),
    (
        "spark-jars",
        "opt/spark/jars/api-asn1-api-1.0.0-M20.jar api-asn1-api 1.0.0-M20",
        "opt/spark/jars/api-asn1-api-1.0.0-M20.jar api 1.0.0-M20",
        LAST_PART,
    ),
];

const NO_MANIFEST: &str = "no manifest and no pom.properties under META-INF/maven: syft leaves it out; the file's \
     name has artifact and version, and a library that is not stated is a vulnerability that is not found";

const LAST_PART: &str =
    "syft takes the bundle's last part for the artifact; Maven Central has it under the file's name";

/// Where we differ from the oracle in the group of a package both state: name, ours, theirs, why.
///
/// Ours are the groups under which Maven Central has these libraries.
const GROUPS: &[(&str, &str, &str, &str)] = &[
    ("activation", "javax.activation", "com.sun", VENDOR),
    ("asm", "org.ow2.asm", "org.objectweb.asm", BUNDLE),
    ("commons-httpclient", "commons-httpclient", "org.apache", VENDOR),
    ("derby", "org.apache.derby", "org.apache.derby.osgi.EmbeddedActivator", CLASS),
    ("ecj", "org.eclipse.jdt", "org.eclipse.jdt.core.compiler.batch", BUNDLE),
    ("fqltool", "fqltool", "org.apache.cassandra.stress.Stress", MAIN_CLASS),
    ("gson", "com.google.code.gson", "com.google.gson", BUNDLE),
    ("guice-servlet", "com.google.inject.extensions", "com.google.inject.servlet", BUNDLE),
    ("ivy", "org.apache.ivy", "org.apache", VENDOR),
    ("jackson-core-asl", "org.codehaus.jackson", "jackson-core-asl", ITSELF),
    ("jackson-jaxrs", "org.codehaus.jackson", "jackson-jaxrs", ITSELF),
    ("jackson-mapper-asl", "org.codehaus.jackson", "jackson-mapper-asl", ITSELF),
    (
        "jackson-module-scala_2.11",
        "com.fasterxml.jackson.module",
        "com.fasterxml.jackson.module.jackson.module.scala",
        BUNDLE,
    ),
    ("jackson-xc", "org.codehaus.jackson", "jackson-xc", ITSELF),
    ("jamm", "com.github.jbellis", "jamm", ITSELF),
    ("jdo-api", "javax.jdo", "jdo-api", ITSELF),
    ("jna", "net.java.dev.jna", "com.sun.jna", BUNDLE),
    ("jodd-core", "org.jodd", "org.jodd.core", BUNDLE),
    ("json-simple", "com.googlecode.json-simple", "json-simple", ITSELF),
    ("jsp-api", "javax.servlet.jsp", "org.apache", VENDOR),
    ("jta", "javax.transaction", "jta", ITSELF),
    ("libfb303", "org.apache.thrift", "libfb303", ITSELF),
    ("lz4-java", "org.lz4", "lz4-java", ITSELF),
    ("lz4-java", "org.lz4", "org.lz4.java", BUNDLE),
    ("oro", "oro", "org.apache.oro", BUNDLE),
    ("scala-compiler", "org.scala-lang", "org.scala-lang.scala-compiler", BUNDLE),
    ("scala-library", "org.scala-lang", "org.scala-lang.scala-library", BUNDLE),
    (
        "scala-parser-combinators_2.11",
        "org.scala-lang.modules",
        "org.scala-lang.modules.scala-parser-combinators",
        BUNDLE,
    ),
    ("scala-reflect", "org.scala-lang", "org.scala-lang.scala-reflect", BUNDLE),
    ("scala-xml_2.11", "org.scala-lang.modules", "org.scala-lang.modules.scala-xml", BUNDLE),
    ("sigar", "org.fusesource", "org.hyperic.sigar.cmd.Runner", CLASS),
    ("snappy-java", "org.xerial.snappy", "org.xerial.snappy.SnappyBundleActivator", CLASS),
    ("stress", "stress", "org.apache.cassandra.stress.Stress", MAIN_CLASS),
    ("xercesImpl", "xerces", "org.apache.xerces.impl.Version", CLASS),
    ("xz", "org.tukaani", "org.tukaani.xz", BUNDLE),
    ("zookeeper", "org.apache.zookeeper", "org.apache.hadoop.zookeeper", BUNDLE),
    ("zstd-jni", "com.github.luben", "com.github.luben.zstd-jni", BUNDLE),
];

const BUNDLE: &str = "syft takes the bundle or module name as a whole for the group";
const CLASS: &str = "syft takes the name of a class for the group";
const ITSELF: &str = "syft takes the artifact for the group";
const MAIN_CLASS: &str = "not on Maven Central; the main class that syft takes for the group is none either";
const VENDOR: &str = "syft takes the vendor's domain for the group";

/// Archives that are damaged or otherwise not whole, and must be told: path, part of what is said.
const PROBLEMS: &[(&str, &str)] = &[("lib/invalid_jar.jar", "it is no zip archive")];

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
    let groups: BTreeSet<_> = groups.iter().map(|(n, o, t)| (n.as_str(), o.as_str(), t.as_str())).collect();
    let known: BTreeSet<_> = GROUPS.iter().map(|(name, ours, theirs, _)| (*name, *ours, *theirs)).collect();
    assert_eq!(groups, known, "groups: name, ours, theirs");
    assert_eq!(problems.len(), PROBLEMS.len(), "{problems:#?}");
    for ((path, what), problem) in PROBLEMS.iter().zip(&problems) {
        assert!(problem.starts_with(path) && problem.contains(what), "{problem}");
    }
}
