use super::*;
use crate::{CatalogerId, Fact, Stated};

/// Reads every `*.pkg` file as one package named by its content.
struct Toy;

impl Cataloger for Toy {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "test/toy", revision: 1 }
    }
    fn reads(&self) -> &'static [&'static str] {
        &["**/*.pkg", "store/*/"]
    }
    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b".pkg")
    }
    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let name = file.text()?;
        assert_ne!(name, "panic", "as asked");
        if name == "broken" {
            return Err(Unreadable::malformed("toy", "broken at byte 0"));
        }
        Ok(Reading::of(Fact::Package(Box::new(Stated { name, ..Stated::default() }))))
    }
    fn directory(&self, path: &ImagePath) -> Option<Fact> {
        let name = path.as_str()?.strip_prefix("store/")?.to_owned();
        Some(Fact::Package(Box::new(Stated { name, ..Stated::default() })))
    }
}

struct Script(std::vec::IntoIter<(EntryHeader, &'static [u8])>, Cursor<&'static [u8]>);

impl Entries for Script {
    fn next_entry(&mut self) -> Result<Option<Entry<'_>>, LayerError> {
        let Some((header, body)) = self.0.next() else { return Ok(None) };
        self.1 = Cursor::new(body);
        Ok(Some(Entry { header, body: &mut self.1 }))
    }
}

fn entry(path: &str, kind: EntryKind, body: &'static str) -> (EntryHeader, &'static [u8]) {
    let path = ImagePath::new(path).unwrap();
    (EntryHeader { path, kind, size: body.len() as u64, mode: 0o644 }, body.as_bytes())
}

fn layer(entries: Vec<(EntryHeader, &'static [u8])>) -> LayerFacts {
    let mut script = Script(entries.into_iter(), Cursor::new(b""));
    analyse(&mut script, &Selection::of(&[&Toy]), &Limits::default()).unwrap()
}

fn names(facts: &LayerFacts) -> Vec<(String, String)> {
    let name = |f: &Fact| match f {
        Fact::Package(stated) => stated.name.clone(),
        other => format!("{other:?}"),
    };
    facts.files.iter().map(|(path, f)| (path.to_string(), name(&f[0].facts[0]))).collect()
}

#[test]
fn the_last_entry_of_a_name_counts() {
    let facts = layer(vec![
        entry("a/x.pkg", EntryKind::File, "old"),
        entry("a/x.pkg", EntryKind::File, "new"),
        entry("b/y.pkg", EntryKind::File, "gone"),
        entry("b.c/y.pkg", EntryKind::File, "not below b"),
        entry("b", EntryKind::File, ""),
        entry("c/z.pkg", EntryKind::File, "stays"),
        entry("c", EntryKind::Directory, ""),
    ]);
    let expected = [("a/x.pkg", "new"), ("b.c/y.pkg", "not below b"), ("c/z.pkg", "stays")];
    assert_eq!(names(&facts), expected.map(|(path, name)| (path.to_owned(), name.to_owned())));
}

#[test]
fn a_directory_may_be_the_package() {
    let facts = layer(vec![
        entry("store/gone", EntryKind::Directory, ""),
        entry("store/hello", EntryKind::Directory, ""),
        entry("store/hello/x.pkg", EntryKind::File, "inside"),
        entry("store/hello", EntryKind::Directory, ""),
        entry("store/gone", EntryKind::File, ""),
        entry("other", EntryKind::Directory, ""),
    ]);
    let expected = [("store/hello", "hello"), ("store/hello/x.pkg", "inside")];
    assert_eq!(names(&facts), expected.map(|(path, name)| (path.to_owned(), name.to_owned())));
}

#[test]
fn hard_links_state_what_their_target_states() {
    let target = ImagePath::new("a/x.pkg").unwrap();
    let facts = layer(vec![
        entry("a/x.pkg", EntryKind::File, "one"),
        entry("b/y.pkg", EntryKind::HardLink(target.clone()), ""),
        entry("b/z.pkg", EntryKind::HardLink(ImagePath::new("below.pkg").unwrap()), ""),
        entry("b/no.txt", EntryKind::HardLink(target), ""),
    ]);
    assert_eq!(names(&facts), [("a/x.pkg".into(), "one".into()), ("b/y.pkg".into(), "one".into())]);
    assert_eq!(facts.links_below.len(), 1);
}

#[test]
fn what_replaces_a_link_counts() {
    let below = ImagePath::new("below.pkg").unwrap();
    let facts = layer(vec![
        entry("a.pkg", EntryKind::HardLink(below.clone()), ""),
        entry("a.pkg", EntryKind::File, "real"),
        entry("d/b.pkg", EntryKind::HardLink(below.clone()), ""),
        entry("d", EntryKind::File, ""),
        entry("c.pkg", EntryKind::SymLink((*b"other.txt").into()), ""),
        entry("c.pkg", EntryKind::Directory, ""),
        entry("one.pkg", EntryKind::HardLink(below.clone()), ""),
        entry("two.pkg", EntryKind::HardLink(ImagePath::new("one.pkg").unwrap()), ""),
    ]);
    assert_eq!(names(&facts), [("a.pkg".into(), "real".into())]);
    assert_eq!(facts.symlinks, [].into());
    let ends: Vec<_> = facts.links_below.iter().map(|(link, target)| format!("{link} {target}")).collect();
    assert_eq!(ends, ["one.pkg below.pkg", "two.pkg below.pkg"]);
}

#[test]
fn links_repeat_only_so_much() {
    let target = ImagePath::new("x.pkg").unwrap();
    let link = |name| entry(name, EntryKind::HardLink(target.clone()), "");
    let entries = vec![entry("x.pkg", EntryKind::File, "one"), link("a.pkg"), link("b.pkg"), link("c.pkg")];
    let mut script = Script(entries.into_iter(), Cursor::new(b""));
    let limits = Limits { records: 2, ..Limits::default() };
    let facts = analyse(&mut script, &Selection::of(&[&Toy]), &limits).unwrap();
    assert_eq!(names(&facts).len(), 3);
    let [problem] = &facts.problems[..] else { panic!("{:?}", facts.problems) };
    assert!(problem.path.as_str() == Some("c.pkg") && problem.what.contains("more than 2"), "{problem:?}");
    assert!(problem.lost);
}

#[test]
fn links_that_alone_tell_are_kept() {
    let facts = layer(vec![
        entry("app/x.pkg", EntryKind::SymLink((*b"/../real.txt").into()), ""),
        entry("app/y.pkg", EntryKind::SymLink((*b"other.pkg").into()), ""),
    ]);
    assert_eq!(
        facts.symlinks,
        [(ImagePath::new("app/x.pkg").unwrap(), ImagePath::new("real.txt").unwrap())].into()
    );
}

#[test]
fn permissions_that_give_more_than_usual_are_kept() {
    let with = |path, kind, mode| {
        let (header, body) = entry(path, kind, "");
        (EntryHeader { mode, ..header }, body)
    };
    let target = ImagePath::new("usr/bin/su").unwrap();
    let facts = layer(vec![
        with("usr/bin/su", EntryKind::File, 0o4755),
        with("usr/bin/su2", EntryKind::HardLink(target), 0o755),
        with("usr/bin/ls", EntryKind::File, 0o755),
        with("etc/open", EntryKind::File, 0o666),
        with("etc/was-open", EntryKind::File, 0o666),
        with("etc/was-open", EntryKind::File, 0o644),
        with("tmp", EntryKind::Directory, 0o1777),
        with("srv", EntryKind::Directory, 0o777),
        with("gone/open", EntryKind::File, 0o666),
        with("gone", EntryKind::File, 0o644),
        with("link", EntryKind::SymLink((*b"x").into()), 0o777),
        with("lock", EntryKind::File, 0o2644),
    ]);
    let modes: Vec<_> = facts.modes.iter().map(|(path, m)| format!("{path} {:o}", m.mode)).collect();
    assert_eq!(modes, ["etc/open 666", "srv 777", "usr/bin/su 4755", "usr/bin/su2 4755"]);
}

#[test]
fn what_cannot_be_read_is_told_and_the_pass_goes_on() {
    let facts = layer(vec![
        entry("a.pkg", EntryKind::File, "panic"),
        entry("b.pkg", EntryKind::File, "broken"),
        entry("c.pkg", EntryKind::File, "fine"),
    ]);
    assert_eq!(names(&facts), [("c.pkg".into(), "fine".into())]);
    assert_eq!(facts.problems.len(), 2);
}
