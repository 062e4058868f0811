use super::*;
use crate::{
    FileFacts, LayerFacts,
    catalogers::{language::MavenPom, trial},
};

/// What comes of an image with these files.
fn resolved(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut layer = LayerFacts::default();
    for (path, text) in files {
        let facts = trial::read(&MavenPom, path, text).facts;
        let path = ImagePath::new(path).unwrap();
        layer.files.insert(path, vec![FileFacts { cataloger: CATALOGER.into(), facts }]);
    }
    let layers = [layer];
    let found = resolve(&Overlay::new(&layers));
    let packages = found.packages.iter().map(|used| {
        let Stated { name, version, namespace, .. } = &used.stated;
        format!("{} {}:{name}:{version}", used.path, namespace.as_deref().unwrap())
    });
    (packages.collect(), found.problems.into_iter().map(|(_, problem)| problem.what).collect())
}

fn dependency(artifact: &str, version: &str) -> String {
    let version = if version.is_empty() { String::new() } else { format!("<version>{version}</version>") };
    format!("<dependency><groupId>d</groupId><artifactId>{artifact}</artifactId>{version}</dependency>")
}

#[test]
fn parents_properties_and_lists_of_the_same_tree() {
    let parent = format!(
        "<project><groupId>g</groupId><artifactId>parent</artifactId><version>${{revision}}</version>\
         <properties><revision>5</revision><x.version>1.${{minor}}</x.version><minor>0</minor></properties>\
         <dependencyManagement><dependencies>{}{}<dependency><groupId>g</groupId><artifactId>bom</artifactId>\
         <version>3</version><type>pom</type><scope>import</scope></dependency></dependencies>\
         </dependencyManagement><dependencies>{}</dependencies></project>",
        dependency("x", "${x.version}"),
        dependency("own", "${project.version}"),
        dependency("inherited", "9"),
    );
    let child = format!(
        "<project><parent><groupId>g</groupId><artifactId>parent</artifactId><version>${{revision}}</version></parent>\
         <artifactId>child</artifactId><properties><minor>7</minor></properties><dependencies>{}{}{}{}{}</dependencies>\
         </project>",
        dependency("x", ""),
        dependency("own", ""),
        dependency("listed", ""),
        dependency("exact", "[2]"),
        dependency("range", "[1,2)"),
    );
    let list = format!(
        "<project><groupId>g</groupId><artifactId>bom</artifactId><version>3</version><dependencyManagement>\
         <dependencies>{}</dependencies></dependencyManagement></project>",
        dependency("listed", "4.4")
    );
    let (packages, problems) = resolved(&[
        ("app/pom.xml", &parent),
        ("app/child/pom.xml", &child),
        ("root/.m2/repository/g/bom/3/bom-3.pom", &list),
    ]);
    assert_eq!(
        packages,
        [
            "app/child/pom.xml d:x:1.7",
            "app/child/pom.xml d:own:5",
            "app/child/pom.xml d:listed:4.4",
            "app/child/pom.xml d:exact:2",
            "app/child/pom.xml d:range:",
            "app/child/pom.xml g:child:5",
            "app/pom.xml d:inherited:9",
            "app/pom.xml g:parent:5",
        ]
    );
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("which version is used of d:range is not told"), "{problems:?}");
}

#[test]
fn what_only_the_network_tells_is_told() {
    let child = format!(
        "<project><parent><groupId>g</groupId><artifactId>boot</artifactId><version>3.1.0</version><relativePath/>\
         </parent><artifactId>app</artifactId><dependencies>{}{}{}</dependencies></project>",
        dependency("managed", ""),
        dependency("property", "${boot.version}"),
        dependency("known", "1"),
    );
    // The file beside it is not the parent.
    let beside =
        "<project><groupId>g</groupId><artifactId>boot</artifactId><version>3.1.0</version></project>";
    let other = "<project><groupId>g</groupId><artifactId>other</artifactId><version>1</version></project>";
    let (packages, problems) = resolved(&[("a/pom.xml", &child), ("pom.xml", other)]);
    assert_eq!(
        packages,
        [
            "a/pom.xml d:managed:",
            "a/pom.xml d:property:",
            "a/pom.xml d:known:1",
            "a/pom.xml g:app:3.1.0",
            "pom.xml g:other:1"
        ]
    );
    assert!(problems[0].contains("of d:managed, d:property is not told"), "{problems:?}");
    assert!(problems[0].contains("g:boot:3.1.0 would tell"), "{problems:?}");
    let (_, problems) = resolved(&[("a/pom.xml", &child), ("pom.xml", beside)]);
    assert!(
        !problems[0].contains("would tell"),
        "an empty relativePath looks into repositories: {problems:?}"
    );
}

#[test]
fn circles_and_bombs_come_to_an_end() {
    let own = "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version>\
        <relativePath>pom.xml</relativePath></parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version>\
        <dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId>\
        <version>1</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>\
        </project>";
    assert_eq!(resolved(&[("pom.xml", own)]).0, ["pom.xml g:a:1"]);
    let mut properties = "<p0>0123456789</p0><c>${c}</c>".to_owned();
    for i in 1..40 {
        let _ = write!(properties, "<p{i}>${{p{0}}}${{p{0}}}</p{i}>", i - 1);
    }
    let bomb = format!(
        "<project><properties>{properties}</properties><dependencies>{}{}{}</dependencies></project>",
        dependency("a", "${p39}"),
        dependency("b", "${c}"),
        dependency("c", "${p2}")
    );
    let (packages, problems) = resolved(&[("pom.xml", &bomb)]);
    assert_eq!(packages[..2], ["pom.xml d:a:", "pom.xml d:b:"]);
    assert!(packages[2].len() > 40);
    assert_eq!(problems.len(), 1);
}
