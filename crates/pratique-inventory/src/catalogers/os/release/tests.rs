use super::*;
use crate::catalogers::trial;

fn read(path: &str, text: &str) -> Reading {
    trial::read(&ReleaseFiles, path, text)
}

fn stated(path: &str, text: &str) -> Distribution {
    let reading = read(path, text);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    match reading.facts.as_slice() {
        [Fact::Distribution(stated)] => stated.clone(),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn quotes_escapes_and_comments() {
    let text = "\
# comment
ID=\"Arch\\\"Like\"  # not part of it
ID_LIKE='debian  ubuntu'
PRETTY_NAME=\"A \\$b \\`c\\` \\\\d \\e\"
VERSION_ID=1\\ 2;VERSION_ID=9
VERSION_ID=
VERSION_ID=3'.'\"1\"
SUPPORT_END=2030-01-01
";
    let stated = stated("etc/os-release", text);
    assert_eq!(stated.id, "arch\"like");
    assert_eq!(stated.id_like, ["debian", "ubuntu"]);
    assert_eq!(stated.name, "A $b `c` \\d \\e");
    assert_eq!(stated.version, "3.1");
    assert_eq!(stated.support_end.as_deref(), Some("2030-01-01"));
}

#[test]
fn damage_is_said_with_its_line() {
    let reading = read("usr/lib/os-release", "ID=x\nwhat is this\nNAME=\"open\n");
    assert_eq!(
        reading.problems,
        ["line 2 is no assignment", "line 3: the quote in the value of NAME is not closed"]
    );
    assert_eq!(reading.facts.len(), 1);
    assert_eq!(read("etc/os-release", ""), Reading::nothing());
    assert_eq!(read("etc/os-release", "# only\n\n"), Reading::nothing());
}

#[test]
fn defaults_of_the_manual() {
    let stated = stated("etc/os-release", "NAME=Thing\nVERSION=\"1 (One)\"\n");
    assert_eq!((stated.id.as_str(), stated.name.as_str()), ("linux", "Thing 1 (One)"));
}

/// Path, text, and the ID, version, code name and point release that it states.
const OLDER: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("etc/alpine-release", "3.14.0\n", "alpine", "3.14.0", "", ""),
    ("etc/debian_version", "12.15\n", "debian", "12", "", "12.15"),
    ("etc/debian_version", "6.0.10\n", "debian", "6", "", "6.0.10"),
    ("etc/debian_version", "3.1\n", "debian", "3.1", "", ""),
    ("etc/debian_version", "trixie/sid\n", "debian", "", "trixie", ""),
    (
        "etc/redhat-release",
        "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
        "rhel",
        "6.10",
        "Santiago",
        "",
    ),
    ("etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos", "7.9.2009", "Core", ""),
    ("etc/centos-release", "CentOS Stream release 9\n", "centos", "9", "", ""),
    ("etc/oracle-release", "Oracle Linux Server release 8.3\n", "ol", "8.3", "", ""),
    ("etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "2018.03", "", ""),
    ("etc/system-release", "Amazon Linux release 2 (Karoo)\n", "amzn", "2", "Karoo", ""),
    ("usr/lib/fedora-release", "Fedora release 35 (Thirty Five)\n", "fedora", "35", "Thirty Five", ""),
    ("etc/rocky-release", "Rocky Linux release 9.3 (Blue Onyx)\n", "rocky", "9.3", "Blue Onyx", ""),
    ("etc/photon-release", "VMware Photon OS 3.0\nPHOTON_BUILD_NUMBER=26156e2\n", "photon", "3.0", "", ""),
    (
        "etc/mariner-release",
        "CBL-Mariner 2.0.20240123\nMARINER_BUILD_NUMBER=1\n",
        "mariner",
        "2.0",
        "",
        "2.0.20240123",
    ),
    (
        "etc/SuSE-release",
        "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
        "sles",
        "11.4",
        "",
        "",
    ),
    (
        "etc/SuSE-release",
        "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n",
        "opensuse",
        "13.2",
        "Harlequin",
        "",
    ),
    ("etc/arch-release", "", "arch", "", "", ""),
    ("etc/gentoo-release", "Gentoo Base System release 2.14\n", "gentoo", "2.14", "", ""),
    ("etc/redhat-release", "Some Thing Linux release 4.2 (X)\n", "some-thing", "4.2", "X", ""),
    (
        "etc/lsb-release",
        "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n",
        "ubuntu",
        "10.04",
        "lucid",
        "",
    ),
];

#[test]
fn older_files() {
    for &(path, text, id, version, codename, point) in OLDER {
        let stated = stated(path, text);
        let got = (
            stated.id.as_str(),
            stated.version.as_str(),
            stated.codename.as_deref().unwrap_or_default(),
            stated.point_release.as_deref().unwrap_or_default(),
        );
        assert_eq!(got, (id, version, codename, point), "{path}: {text}");
    }
    assert_eq!(read("etc/lsb-release", "LSB_VERSION=base-4.0\n"), Reading::nothing());
    assert_eq!(read("etc/redhat-release", "\n"), Reading::nothing());
}

#[test]
fn only_at_the_root() {
    for no in [
        "srv/etc/os-release",
        "etc/os-release.d",
        "etc/x/os-release",
        "usr/lib/release",
        "os-release",
        "etc/",
    ] {
        assert_eq!(precedence(&ImagePath::new(no).unwrap()), 255, "{no}");
    }
    let of = |path: &str| precedence(&ImagePath::new(path).unwrap());
    assert!(of("etc/os-release") < of("usr/lib/os-release"));
    assert!(of("usr/lib/os-release") < of("etc/oracle-release"));
    assert!(of("etc/oracle-release") < of("etc/redhat-release"));
    assert!(of("etc/lsb-release") < of("etc/debian_version"));
}

fn merged(files: &[(&str, &str)]) -> Distribution {
    let read: Vec<_> =
        files.iter().map(|(path, text)| (ImagePath::new(path).unwrap(), stated(path, text))).collect();
    merge(read.iter().map(|(path, stated)| (path, stated)).collect()).unwrap()
}

#[test]
fn files_of_one_image_together() {
    let debian = merged(&[("etc/debian_version", "12.15"), ("etc/os-release", "ID=debian\nVERSION_ID=12")]);
    assert_eq!((debian.version.as_str(), debian.point_release.as_deref()), ("12", Some("12.15")));

    let centos = merged(&[
        ("etc/centos-release", "CentOS Linux release 7.9.2009 (Core)"),
        ("etc/os-release", "ID=centos\nVERSION_ID=7"),
    ]);
    assert_eq!((centos.version.as_str(), centos.point_release.as_deref()), ("7", Some("7.9.2009")));

    // Testing has no VERSION_ID; its name is in debian_version.
    let sid = merged(&[("etc/os-release", "ID=debian\n"), ("etc/debian_version", "forky/sid")]);
    assert_eq!((sid.version.as_str(), sid.codename.as_deref()), ("", Some("forky")));

    // A derivative's copy of its parent's file says nothing about it.
    let ubuntu = merged(&[
        ("etc/debian_version", "squeeze/sid"),
        ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04"),
    ]);
    assert_eq!((ubuntu.id.as_str(), ubuntu.version.as_str(), ubuntu.codename), ("ubuntu", "10.04", None));
    let oracle = merged(&[
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)"),
        ("etc/oracle-release", "Oracle Linux Server release 6.10"),
    ]);
    assert_eq!((oracle.id.as_str(), oracle.codename), ("ol", None));

    let named = merged(&[("etc/os-release", "NAME=x"), ("etc/alpine-release", "3.9.1")]);
    assert_eq!(named.id, "alpine");
    assert_eq!(merge(Vec::new()), None);
}
