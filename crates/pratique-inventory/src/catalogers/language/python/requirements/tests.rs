use super::*;
use crate::{
    Limits,
    catalogers::trial::{read, try_read_within, wants, withstands_damage},
};

fn pins(text: &str) -> Vec<String> {
    let reading = read(&Requirements, "app/requirements.txt", text);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.names()
}

#[test]
fn wants_requirement_files() {
    for (path, want) in [
        ("requirements.txt", true),
        ("a/dev-requirements.txt", true),
        ("a/requirements_test.txt", true),
        ("a/requirements/base.txt", true),
        ("requirements.in", false),
        ("a/other.txt", false),
    ] {
        assert_eq!(wants(&Requirements, path), want, "{path}");
    }
}

#[test]
fn states_pins_alone() {
    for (text, want) in [
        ("flask==2.0.0", &["flask 2.0.0"][..]),
        (" Flask[async] === 2.0.0 ; python_version < '3' # why\n", &["flask 2.0.0"]),
        ("a==1 \\\n  --hash=sha256:00 \\\n  --hash=sha256:11\nb==2", &["a 1", "b 2"]),
        ("a==1 \\", &["a 1"]),
        ("a>=1,\\\n<2\nb~=1.0\nc\nd==1.*\ne!=1", &[]),
        ("# a==1\n    # b==1\nc==1#2\n", &[]),
        ("-r other.txt\n--requirement=o.txt\n-c c.txt\n--index-url https://user:pw@h/simple\n-i x", &[]),
        ("a==1 --global-option=x", &["a 1"]),
        ("==1\n@ x\n{{ a }}==1\n<<<<<<< HEAD\n./local\n", &[]),
        ("a==1\na==1 ; os_name == 'nt'\na==2", &["a 1", "a 2"]),
        ("", &[]),
    ] {
        assert_eq!(pins(text), want, "{text}");
    }
}

#[test]
fn tells_places() {
    for (line, id, place) in [
        ("a @ git+https://token@h/u/a.git@v1.0", "a ", "git+https://h/u/a.git@v1.0"),
        ("-e git+ssh://git@h/u/a.git@abc#egg=a&subdirectory=x", "a ", "git+ssh://git@h/u/a.git@abc"),
        ("--editable=git+https://h/u/a.git#egg=a[x]", "a ", "git+https://h/u/a.git"),
        ("hg+https://h/a@1#egg=a", "a ", "hg+https://h/a@1"),
        ("a @ https://user:pw@h/a-1.0-py3-none-any.whl#sha256=00", "a ", "https://h/a-1.0-py3-none-any.whl"),
    ] {
        let reading = read(&Requirements, "requirements.txt", line);
        let found: Vec<_> = reading.packages().collect();
        assert_eq!(reading.names(), [id], "{line}");
        assert_eq!(found[0].details.values().next().map(String::as_str), Some(place), "{line}");
    }
    assert!(pins("-e .\n-e ./a#egg=a\n-e https://h/a.git\na @ file:///a\n").is_empty());
}

#[test]
fn via_tells_what_is_direct() {
    let reading = read(
        &Requirements,
        "requirements.txt",
        "a==1 \\\n    --hash=sha256:00\n    # via -r requirements.in\nb==1  # via a\nc==1\n    # via\n    #   a\n    #   \
         app (pyproject.toml)\n# no annotation\nd==1\ne==1\n    # via a, b\n",
    );
    let direct: Vec<_> = reading.packages().map(|p| p.direct).collect();
    assert_eq!(direct, [Some(true), Some(false), Some(true), None, Some(false)]);
}

#[test]
fn reads_utf_16() {
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    for bytes in
        [wide("a==1\r\n", u16::to_le_bytes), wide("a==1\r\n", u16::to_be_bytes), b"\xef\xbb\xbfa==1".to_vec()]
    {
        let reading = read(&Requirements, "requirements.txt", &bytes);
        assert_eq!(reading.names(), ["a 1"]);
    }
}

#[test]
fn bounds_their_number() {
    let limits = Limits { records: 1, ..Limits::default() };
    let reading = try_read_within(&Requirements, "requirements.txt", b"a==1\nb==1\nc==1\n", &limits).unwrap();
    assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
}

#[test]
fn bears_damage() {
    withstands_damage(
        &Requirements,
        "requirements.txt",
        "a[x]==1 ; b \\\n --hash=sha256:0 # via\n  # c\n-e git+https://h/u/a@1#egg=a\nb @ https://h/b.whl\n",
    );
}
