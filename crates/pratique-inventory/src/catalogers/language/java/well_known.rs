//! The Maven groups of well-known libraries whose archives do not say them.
//!
//! Archives built by Ant, and most built by Gradle or sbt, hold no Maven record. Their manifests name vendors,
//! packages and bundles, from which no rule gets the group right; but advisories are filed under it. What
//! stands here are the coordinates under which Maven Central has each library.

/// Artifact and group, sorted by artifact.
const GROUPS: &[(&str, &str)] = &[
    ("activation", "javax.activation"),
    ("ant", "org.apache.ant"),
    ("asm", "org.ow2.asm"),
    ("asm-commons", "org.ow2.asm"),
    ("asm-tree", "org.ow2.asm"),
    ("bcpkix-jdk15on", "org.bouncycastle"),
    ("bcpkix-jdk18on", "org.bouncycastle"),
    ("bcprov-jdk14", "org.bouncycastle"),
    ("bcprov-jdk15on", "org.bouncycastle"),
    ("bcprov-jdk15to18", "org.bouncycastle"),
    ("bcprov-jdk16", "org.bouncycastle"),
    ("bcprov-jdk18on", "org.bouncycastle"),
    ("c3p0", "com.mchange"),
    ("caffeine", "com.github.ben-manes.caffeine"),
    ("cassandra-driver-core", "com.datastax.cassandra"),
    ("derby", "org.apache.derby"),
    ("ecj", "org.eclipse.jdt"),
    ("elasticsearch", "org.elasticsearch"),
    ("gson", "com.google.code.gson"),
    ("guice", "com.google.inject"),
    ("guice-servlet", "com.google.inject.extensions"),
    ("h2", "com.h2database"),
    ("hsqldb", "org.hsqldb"),
    ("ivy", "org.apache.ivy"),
    ("jackson-core-asl", "org.codehaus.jackson"),
    ("jackson-jaxrs", "org.codehaus.jackson"),
    ("jackson-mapper-asl", "org.codehaus.jackson"),
    ("jackson-xc", "org.codehaus.jackson"),
    ("jamm", "com.github.jbellis"),
    ("javax.inject", "javax.inject"),
    ("jcip-annotations", "net.jcip"),
    ("jna", "net.java.dev.jna"),
    ("jna-platform", "net.java.dev.jna"),
    ("json-simple", "com.googlecode.json-simple"),
    ("jsp-api", "javax.servlet.jsp"),
    ("jta", "javax.transaction"),
    ("kafka-clients", "org.apache.kafka"),
    ("kotlin-stdlib", "org.jetbrains.kotlin"),
    ("kotlin-stdlib-common", "org.jetbrains.kotlin"),
    ("libfb303", "org.apache.thrift"),
    ("libthrift", "org.apache.thrift"),
    ("logging-interceptor", "com.squareup.okhttp3"),
    ("lz4-java", "org.lz4"),
    ("mysql-connector-java", "mysql"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("postgresql", "org.postgresql"),
    ("py4j", "net.sf.py4j"),
    ("scala-compiler", "org.scala-lang"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("servlet-api", "javax.servlet"),
    ("sigar", "org.fusesource"),
    ("snappy-java", "org.xerial.snappy"),
    ("spring-aop", "org.springframework"),
    ("spring-beans", "org.springframework"),
    ("spring-boot", "org.springframework.boot"),
    ("spring-boot-autoconfigure", "org.springframework.boot"),
    ("spring-boot-loader", "org.springframework.boot"),
    ("spring-context", "org.springframework"),
    ("spring-core", "org.springframework"),
    ("spring-expression", "org.springframework"),
    ("spring-jcl", "org.springframework"),
    ("spring-security-config", "org.springframework.security"),
    ("spring-security-core", "org.springframework.security"),
    ("spring-security-crypto", "org.springframework.security"),
    ("spring-security-web", "org.springframework.security"),
    ("spring-tx", "org.springframework"),
    ("spring-web", "org.springframework"),
    ("spring-webflux", "org.springframework"),
    ("spring-webmvc", "org.springframework"),
    ("sqlite-jdbc", "org.xerial"),
    ("tomcat-embed-core", "org.apache.tomcat.embed"),
    ("tomcat-embed-websocket", "org.apache.tomcat.embed"),
    ("tomcat-util", "org.apache.tomcat"),
    ("velocity", "org.apache.velocity"),
    ("xalan", "xalan"),
    ("xercesImpl", "xerces"),
    ("xml-apis", "xml-apis"),
    ("xstream", "com.thoughtworks.xstream"),
    ("xz", "org.tukaani"),
    ("zookeeper", "org.apache.zookeeper"),
    ("zstd-jni", "com.github.luben"),
];

/// The group of a well-known artifact.
pub(super) fn group_of(artifact: &str) -> Option<&'static str> {
    let at = GROUPS.binary_search_by_key(&artifact, |(name, _)| name).ok()?;
    GROUPS.get(at).map(|(_, group)| *group)
}

#[cfg(test)]
mod tests {
    use super::GROUPS;

    #[test]
    fn is_sorted() {
        assert!(GROUPS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
