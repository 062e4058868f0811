//! The programs that are known by what is in them: one row each.
//!
//! A row names the files it looks at, and the bytes around a version. The bytes are those of real programs, each
//! held by a sample in `testdata/programs.txt`; a row without one fails the tests. What makes a good pattern: text
//! that the program itself prints or compares (`nginx version: `), since a bare number between zero bytes may be
//! that of any library linked in. Where a program has nothing better (Go programs whose version the linker put in),
//! the row says so.

/// A program, and how it is known.
#[derive(Debug)]
pub(in crate::catalogers::executables) struct Row {
    /// Names of files; `*` stands for any characters.
    pub(super) files: &'static [&'static str],
    /// What it is called, as Syft calls it.
    pub(super) name: &'static str,
    /// Its package URL without a version, where that is not `pkg:generic/` and the name.
    pub(super) purl: Option<&'static str>,
    /// Vendors and products under which vulnerabilities are filed (CPE 2.3), `vendor:product`.
    pub(super) cpes: &'static [&'static str],
    /// Patterns ([`super::pattern`]) whose group is the version, best first: the first that is found anywhere counts.
    pub(super) versions: &'static [&'static str],
    /// Whether the version must begin with the one that the file's name has (`python3.11`).
    pub(super) agrees: bool,
}

const fn row(
    name: &'static str,
    files: &'static [&'static str],
    cpes: &'static [&'static str],
    versions: &'static [&'static str],
) -> Row {
    Row { files, name, purl: None, cpes, versions, agrees: false }
}

impl Row {
    const fn purl(self, purl: &'static str) -> Self {
        Self { purl: Some(purl), ..self }
    }

    const fn agrees(self) -> Self {
        Self { agrees: true, ..self }
    }
}

/// A version of three numbers that Go's linker put into a variable of its own: it ends in zero bytes.
const LINKED: &str =
    r"(?:\x00v?|[\x01-\x1f\x7f-\xff?>@]v?|v)(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.?\d+)?)\x00\x00";

/// The same with fewer zero bytes behind it.
const LINKED_TIGHT: &str =
    r"(?:\x00v?|[\x01-\x1f\x7f-\xff?>@]v?)(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.?\d+)?)\x00";

const BEATS: &[&str] =
    &[r"Test (\d+\.\d+\.\d+)[a-z%]", r"plugin(?:output)?(\d+\.\d+\.\d+)[-a-z]", r"5m\.rate(\d+\.\d+\.\d+)-"];

const MYSQL_CLUSTER: &[&str] =
    &[r"/mysql-cluster-gpl-(\d+\.\d+\.\d+)/", r"cluster-gpl\x00\d+\.\d+\.\d+-ndb-(\d+\.\d+\.\d+)"];

const OTP: &[&str] = &[
    r"/src/otp_src_(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)/erts/",
    r"/src/otp-(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)/erts/",
    r"\x00(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)\x00+Erlang/OTP",
    r"/erlang-(\d+\.\d+(?:\.\d+){0,2})[^/\x00]{0,16}/erts/",
    r"Erlang/OTP [^\x00]+\x00+(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)\x00",
];

const PERL: &[&str] = &[
    r"PERL_INTERNAL_RAND_SEED\x00v(\d+\.\d+\.\d+)\x00",
    r"/usr/local/lib/perl\d/(?:[a-z_]+/)?(\d+\.\d+\.\d+)",
];

const PYTHON: &[&str] = &[r"\x00(\d+\.\d+(?:\.\d+)?(?:(?:a|b|rc)\d+)?\+?)\x00"];

const RUBY: &[&str] = &[r"ruby (\d+\.\d+\.\d+(?:(?:p|preview|rc|dev)\d*)?) \("];

const PHP: &[&str] = &[r"X-Powered-By: PHP/(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+)?)"];

const OPENSSL: &[&str] = &[
    r"OpenSSL (\d+\.\d+\.\d+(?:[a-z]{1,2}|-(?:alpha|beta|rc|pre)\d+)?)(?:-fips)?  ?\d{1,2} [A-Z][a-z]{2} (?:19|20)\d\d",
];

const JULIA: &[&str] = &[
    r"\x00(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\x00julia version",
    r"\x00__init__\x00(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\x00(?:branch|verify_methods)",
    r"[\x00\x80-\xff](\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\x00branch\x00",
    r"\x00verify_methods\x00[^\x00]{0,40}\x00(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\x00BigInt",
];

const ISTIO: &[&str] = &[
    r"\x00(?:\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)\x00+(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)\x00",
    r"(?:Clean|Modified)\x00+(\d+\.\d+(?:\.\d+|-dev))\x00",
    r"\x00(\d+\.\d+\.\d+)\x00+[\x00-\x1f]",
];

const GRAFANA: &[&str] = &[
    r"\x00release-(\d+\.\d+\.\d+)(?:\+security-\d+)?\x00",
    r"\x00(\d{2}\.\d+\.\d+-\d{6,})\x00",
    r"[\x00\x80-\xff?](\d+\.\d+\.\d+(?:-(?:beta\d|preview|test))?)(?:\+security-\d+)?\x00",
];

const LUA: &[&str] = &[r"Lua (\d+\.\d+\.\d+) +Copyright"];

const ENVOY: &[&str] = &[
    r"\x00(1\.\d+\.\d+(?:-dev)?)\x00RELEASE\x00",
    r"\x00(1\.\d{2}\.\d+(?:-dev)?)\x00~1000~(?:envoy[_./]|Unable to|ValidationError|TLS client)",
    r"(?:envoy_quic_|\[source/)~1000~\x00(1\.\d{2}\.\d+(?:-dev)?)\x00",
];

/// ELF, PE and Mach-O files, in alphabetical order of their names.
pub(super) const PROGRAMS: &[Row] = &[
    row(
        "arangodb",
        &["arangosh"],
        &["arangodb:arangodb"],
        &[r"(\d+\.\d+\.\d+(?:-\d+)?) (?:enterprise )?\[linux\]"],
    ),
    row("auditbeat", &["auditbeat"], &["elastic:auditbeat"], BEATS),
    row("bash", &["bash"], &["gnu:bash"], &[r"@\(#\)Bash version (\d+\.\d+\.\d+)\(\d+\) [a-z0-9]+ GNU"]),
    row("bun", &["bun"], &["oven:bun"], &[r"[Bb]un v?(\d+\.\d+\.\d+)", r"bun-(\d+\.\d+\.\d+)"]),
    // Its image has the program under the first of its names, `[`, and links for all others.
    row("busybox", &["busybox", "["], &["busybox:busybox"], &[r"BusyBox v(\d+\.\d+(?:\.\d+)?)"]),
    row("chrome", &["chrome", "chromium"], &["google:chrome"], &[r"\x00(\d+\.\d+\.\d+\.\d+)\x00Default"]),
    row(
        "consul",
        &["consul"],
        &["hashicorp:consul"],
        &[r"CONSUL_VERSION: (\d+\.\d+\.\d+)", r#"GitDescribe=v?(\d+\.\d+\.\d+)""#, LINKED],
    )
    .purl("pkg:golang/github.com/hashicorp/consul"),
    row("curl", &["curl"], &["haxx:curl"], &[r"\x00curl/(\d+\.\d+\.\d+)", r"curl (\d+\.\d+\.\d+) \("]),
    row(
        "dart",
        &["dart"],
        &["dart:dart_software_development_kit"],
        &[r"\x00(\d+\.\d+\.\d+(?:-\d+(?:\.\d+)?\.(?:beta|dev))?) \((?:stable|beta|dev|main)\)"],
    ),
    row(
        "deno",
        &["deno"],
        &["deno:deno"],
        &[
            r"Deno/(\d+\.\d+\.\d+)",
            r"deno-canary/[0-9a-f]{40}(\d+\.\d+\.\d+)",
            r"deno-[0-9a-f]{40}(?:release/v)?(\d+\.\d+\.\d+)",
        ],
    ),
    row(
        "elastic-agent",
        &["elastic-agent"],
        &["elastic:elastic_agent"],
        &[r"enroll(?:: true)?(\d+\.\d+\.\d+)-?header", r"PM(\d+\.\d+\.\d+):https"],
    ),
    row("envoy", &["envoy"], &["envoyproxy:envoy"], ENVOY),
    row("erlang", &["erlexec", "beam.smp"], &["erlang:erlang\\/otp"], OTP),
    // Go puts texts of one length side by side, sorted; the number behind it is always there.
    row("etcd", &["etcd"], &["etcd:etcd", "redhat:etcd"], &[r"[^\d.](3\.\d\.\d\d)390625"]),
    row("ffmpeg", &["ffmpeg", "ffprobe"], &["ffmpeg:ffmpeg"], &[r"%s version (\d+\.\d+(?:\.\d+)?)[-\x00]"]),
    row("filebeat", &["filebeat"], &["elastic:filebeat"], BEATS),
    row(
        "fluent-bit",
        &["fluent-bit"],
        &["treasuredata:fluent_bit"],
        &[r"\x00(\d+\.\d+\.\d+)\x00{1,3}(?:\x1b\[1m\x00)?(?:%s)?Fluent"],
    )
    .purl("pkg:github/fluent/fluent-bit"),
    row(
        "gcc",
        &["gcc", "gcc-*", "*-gcc", "*-gcc-*"],
        &["gnu:gcc"],
        &[r"\x00(\d+\.\d+\.\d+)\x00\([^\x00]{1,80}\) \x00gcc version", r"GCC: \(GNU\) (\d+\.\d+\.\d+)"],
    ),
    row("git", &["git"], &["git-scm:git"], &[r"git/(\d+\.\d+\.\d+)(?:\.\d+)?\x00"]),
    row("grafana", &["grafana", "grafana-server"], &["grafana:grafana"], GRAFANA),
    row("gzip", &["gzip"], &["gnu:gzip"], &[r"(?:while zipping\n|bad pack level)\x00(\d+\.\d+)\x00"]),
    row(
        "haproxy",
        &["haproxy"],
        &["haproxy:haproxy"],
        &[
            r" version (\d+\.\d+(?:\.|-dev|-rc)\d+)(?:-[^\x00,]{1,40})?, released 20",
            r"HA-Proxy version (\d+\.\d+(?:\.|-dev|-rc)\d+)",
            r"(\d+\.\d+(?:\.|-dev|-rc)\d+)-[0-9a-f]{7}\x00+HAProxy version",
        ],
    ),
    row(
        "haskell/cabal",
        &["cabal"],
        &["haskell:cabal"],
        &[
            r"/cabal-install-(\d+\.\d+(?:\.\d+){1,2})-[a-zA-Z0-9]{16,}[-\x00]",
            r"\x00Cabal-(\d+\.\d+(?:\.\d+){1,2})-",
        ],
    ),
    row(
        "haskell/ghc",
        &["ghc", "ghc-*"],
        &["haskell:ghc"],
        &[
            r"\x00GHC (\d+\.\d+\.\d+)\x00",
            r"\x00libHSghc-(\d+\.\d+\.\d+)-(?:[a-zA-Z0-9]+-)?ghc\d+\.\d+\.\d+\.so",
        ],
    ),
    row("heartbeat", &["heartbeat"], &["elastic:heartbeat"], BEATS),
    row("helm", &["helm"], &["helm:helm"], &[LINKED, r"v(\d+\.\d+\.\d+)\x00"])
        .purl("pkg:golang/helm.sh/helm"),
    row(
        "httpd",
        &["httpd", "apache2"],
        &["apache:http_server"],
        &[r"\x00Apache/(\d+\.\d+\.\d+)", r"Apache/(\d+\.\d+\.\d+) \("],
    ),
    row(
        "java/graalvm",
        &["java"],
        &["oracle:graalvm"],
        &[r"\x00(\d+(?:\.\d+)*\+\d+-jvmci-[0-9.]+-b\d+)\x00"],
    ),
    row("java/jdk", &["jdb"], &["oracle:jdk"], &[r"\x00(?:jdb|java)\x00+\d+\.\d+\x00+(\d[^\x00]{2,40})\x00"]),
    row(
        "java/jre",
        &["java"],
        &["oracle:jre"],
        &[
            r"openjdk\x00java\x00+\d+\.\d+\x00+(\d+(?:[._]\d+)*(?:\+[0-9]+)?(?:-[a-zA-Z0-9]{1,12})?)\x00",
            r"\x00\d+\.\d+\x00+(\d+(?:[._]\d+)*\+[0-9]+[-a-zA-Z0-9]*)\x00+openjdk\x00java",
            r"\x00(\d+(?:\.\d+)+\+\d+-\d+)\x00",
        ],
    ),
    row(
        "jq",
        &["jq"],
        &["jqlang:jq"],
        &[r"\x00(\d+\.\d+(?:\.\d+)?)\x00~400~jq: error", r"jq-(\d+\.\d+(?:\.\d+)?)\x00"],
    ),
    row("julia", &["libjulia-internal.so*", "libjulia.so*"], &["julialang:julia"], JULIA),
    row(
        "krb5",
        &["libkrb5.so*"],
        &["mit:kerberos_5"],
        &[r"\x00KRB5_BRAND: krb5-[^\s\x00]+ (\d+(?:\.\d+){1,2})[\s\x00]"],
    ),
    row("libphp", &["libphp*.so"], &["php:php"], PHP).purl("pkg:generic/php"),
    row("lighttpd", &["lighttpd"], &["lighttpd:lighttpd"], &[r"\x00lighttpd/(\d+\.\d+\.\d+)\x00"]),
    row("lua", &["lua", "lua5*", "liblua*.so*"], &["lua:lua"], LUA),
    row("luajit", &["luajit*", "libluajit*.so*"], &["luajit:luajit"], &[r"LuaJIT (2\.\d+\.[0-9a-z.-]+)\x00"]),
    row(
        "mariadb",
        &["mariadb", "mariadbd", "mysql", "mysqld"],
        &["mariadb:mariadb"],
        &[r"(\d+\.\d+\.\d+)-MariaDB", r"/mariadb-(\d+\.\d+\.\d+)-"],
    ),
    row("memcached", &["memcached"], &["memcached:memcached"], &[r"memcached (\d+\.\d+\.\d+)\x00"]),
    row("metricbeat", &["metricbeat"], &["elastic:metricbeat"], BEATS),
    row(
        "mongodb",
        &["mongod"],
        &["mongodb:mongodb"],
        &[r"\x00(\d+\.\d+\.\d+)\x00+(?:tcmalloc|heap_size|cppdefines)\x00"],
    ),
    row(
        "mysql",
        &["mysql"],
        &["oracle:mysql"],
        &[r"\x00(\d+\.\d+\.\d+)\x00+mysql_", r"/mysql-(\d+\.\d+\.\d+)(?:-[a-z]+\d*)?/"],
    ),
    row("mysql-cluster", &["mysqld", "ndbd", "ndbmtd", "ndb_mgmd"], &["oracle:mysql_cluster"], MYSQL_CLUSTER),
    row("mysql-server", &["mysqld"], &["oracle:mysql_server"], &[r"/mysql-(\d+\.\d+\.\d+)(?:-[a-z]+\d*)?/"]),
    row(
        "nginx",
        &["nginx"],
        &["f5:nginx", "nginx:nginx"],
        &[r"nginx version: [^/\x00]{1,40}/(\d+\.\d+\.\d+)"],
    ),
    row(
        "nginx-ingress-controller",
        &["nginx-ingress-controller"],
        &["kubernetes:ingress-nginx"],
        &[LINKED, LINKED_TIGHT, r"v(\d+\.\d+\.\d+)\x00"],
    ),
    row(
        "node",
        &["node", "nodejs", "libnode.so*"],
        &["nodejs:node.js"],
        &[
            r"node\.js/v(\d+\.\d+\.\d+)",
            r"node v(0\.\d+\.\d+)\x00",
            r"\x00v([0456]\.\d+\.\d+)\x00(?:moduleLoadList|--enable-ssl2)\x00",
        ],
    ),
    row(
        "openldap",
        &["ldapsearch", "slapd"],
        &["openldap:openldap"],
        &[r"\$OpenLDAP: (?:ldapsearch|slapd) (\d+\.\d+\.\d+)"],
    ),
    row("openssl", &["openssl", "libcrypto.so*", "libcrypto*.dll"], &["openssl:openssl"], OPENSSL),
    row("packetbeat", &["packetbeat"], &["elastic:packetbeat"], BEATS),
    row(
        "percona-server",
        &["mysql", "mysqld"],
        &["percona:percona_server", "oracle:mysql"],
        &[r"/percona-server-(\d+\.\d+\.\d+)"],
    ),
    row(
        "percona-xtrabackup",
        &["xtrabackup"],
        &["percona:xtrabackup"],
        &[r"/percona-xtrabackup-(\d+\.\d+\.\d+)"],
    ),
    row("perl", &["perl", "perl5*", "libperl.so*"], &["perl:perl"], PERL),
    row("php-cli", &["php", "php5*", "php7*", "php8*"], &["php:php"], PHP),
    row("php-fpm", &["php-fpm*"], &["php:php"], PHP),
    row("pilot-agent", &["pilot-agent"], &["istio:istio"], ISTIO).purl("pkg:generic/istio"),
    row("pilot-discovery", &["pilot-discovery"], &["istio:istio"], ISTIO).purl("pkg:generic/istio"),
    row(
        "postgresql",
        &["postgres"],
        &["postgresql:postgresql"],
        &[
            r"PostgreSQL (\d+(?:\.\d+){0,2}(?:(?:alpha|beta|rc)\d+)?) (?:\([^\x00)]+\) )?on ",
            r"PostgreSQL (\d+(?:\.\d+){0,2}(?:(?:alpha|beta|rc)\d+)?) \([^\x00)]+\)\x00",
        ],
    ),
    row(
        "proftpd",
        &["proftpd"],
        &["proftpd:proftpd"],
        &[r"ProFTPD (?:Version )?(\d+\.\d+\.\d+[a-z]?)[\x00 ]"],
    ),
    row("pypy", &["libpypy*.so*", "pypy3*"], &[], &[r"\[PyPy (\d+\.\d+\.\d+)"]),
    row("python", &["python*", "libpython*.so*"], &["python:python"], PYTHON).agrees(),
    row(
        "qtbase",
        &["libQt*Core.so*"],
        &["qt:qt"],
        &[r"\x00Qt (\d+\.\d+\.\d+) \(", r"QtCore library version (\d+\.\d+\.\d+)"],
    ),
    row(
        "redis",
        &["redis-server"],
        &["redis:redis", "redislabs:redis"],
        &[
            // The build's identity: version, host and time.
            r"[^\d.](\d+\.\d+\.\d+)buildkitsandbox-\d",
            r"[^\d.](\d+\.\d+\.\d+)\x00(?:c11|sync|atomic)-builtin\x00",
            r"[^\d.](\d+\.\d+\.\d+)[0-9a-f]{12}-\d{10}",
            r"Redis version (\d+\.\d+\.\d+)",
        ],
    ),
    row("ruby", &["ruby", "ruby[0-9]*", "libruby*.so*"], &["ruby-lang:ruby"], RUBY),
    row(
        "rust",
        &["libstd-????????????????.so", "libstd-????????????????.dylib"],
        &["rust-lang:rust"],
        &[r"(?:rustc version|[^a-z]c) (\d+\.\d+\.\d+) \([0-9a-f]{9} \d{4}-\d\d-\d\d\)"],
    ),
    row(
        "sqlite",
        &["sqlite3", "libsqlite3.so*"],
        &["sqlite:sqlite"],
        &[r"SQLite version (3\.\d+\.\d+)", r"\x00(3\.\d+\.\d+)\x00\x00"],
    ),
    row("swipl", &["swipl"], &["swi-prolog:swi-prolog"], &[r"swipl-(\d+\.\d+\.\d+)/"]),
    row("traefik", &["traefik"], &["traefik:traefik"], &[LINKED, LINKED_TIGHT]),
    row("util-linux", &["getopt"], &["kernel:util-linux"], &[r"\x00util-linux (\d+\.\d+(?:\.\d+)?)\x00"]),
    row(
        "valkey",
        &["valkey-server"],
        &["lfprojects:valkey", "linuxfoundation:valkey"],
        &[r"(?:valkey|[^\d.])(\d+\.\d+\.\d+)buildkitsandbox-\d", r"valkey(\d+\.\d+\.\d+)[0-9a-zA-Z.-]+\x00"],
    ),
    row(
        "vault",
        &["vault"],
        &["hashicorp:vault"],
        &[r"revoke(\d+\.\d+\.\d+)", r"state(\d+\.\d+\.\d+-rc\d+)", r"016x(1\.1[134]\.\d{1,2})", LINKED],
    )
    .purl("pkg:golang/github.com/hashicorp/vault"),
    row("xz", &["xz"], &["tukaani:xz"], &[r"xz \(XZ Utils\) (\d+\.\d+\.\d+(?:alpha|beta)?)"]),
    row("zlib", &["libz.so*"], &["zlib:zlib"], &[r" deflate (\d+(?:\.\d+)+) Copyright 1995"]),
    row(
        "zstd",
        &["zstd"],
        &["facebook:zstandard"],
        &[r"Yann Collet\x00v(\d+\.\d+\.\d+)\x00", r"\x00v(\d+\.\d+\.\d+)\x00Zstandard CLI"],
    ),
];

/// What is known by its bytes and is no program but a script or a text, in alphabetical order too.
pub(super) const TEXTS: &[Row] = &[
    row(
        "elixir",
        &["elixir"],
        &["elixir-lang:elixir"],
        &[r"ELIXIR_VERSION=(\d+\.\d+\.\d+(?:-[a-z0-9]+(?:\.\d+)?)?)"],
    ),
    row(
        "firefox",
        &["application.ini"],
        &["mozilla:firefox"],
        &[r"\nName=Firefox\r?\n~400~\nVersion=(\d+(?:\.\d+)+(?:[ab]\d+)?)"],
    ),
    row(
        "go",
        &["VERSION", "VERSION.cache"],
        &["golang:go"],
        &[r"\A(?:devel )?go(\d+\.\d+(?:\.\d+)?(?:(?:alpha|beta|rc)\d+)?)(?:-[0-9a-f]+)?(?:\s|\z)"],
    ),
    row("wp-cli", &["wp", "wp-cli.phar"], &["wp-cli:wp-cli"], &[r"wp-cli/wp-cli (\d+\.\d+\.\d+)"]),
];
