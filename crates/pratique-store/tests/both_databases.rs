//! What holds of every table, whichever database keeps it: each case runs on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use pratique_image::Digest;
use pratique_store::{
    Session, Store, StoreError,
    audit::Entry,
    blob::Announced,
    check::BlobState,
    component::{ComponentId, NewComponent, Observation, Observations},
    credential::{Action, Credential, Grant},
    event::StoredEvent,
    image::ScannedImage,
    manifest::{Manifest, Part},
    repository::{Repository, RepositoryId},
    rescan::{Change, Changes},
};
use support::{Place, Postgres};

fn block_on<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

/// A test of each case on SQLite, and one of all cases on PostgreSQL, which takes a while to start.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            use super::support::{Address, Place};
            $(#[test]
            fn $name() {
                let home = tempfile::tempdir().unwrap();
                let address = Address::File(home.path().join("a.db"));
                super::block_on(async { super::$name(Place::open(address).await).await });
            })*
        }

        #[test]
        fn postgres() {
            let Some(mut server) = Postgres::start() else { return };
            $({
                println!(stringify!($name));
                let address = server.database();
                block_on(async { $name(Place::open(address).await).await });
            })*
        }
    };
}

cases! {
    a_schema_is_made_once_and_refused_when_newer,
    repositories_are_unique_and_ordered_by_bytes,
    a_repository_takes_all_with_it,
    a_blob_lives_and_dies,
    a_blob_that_is_pushed_again_is_not_removed,
    a_lost_blob_is_pushed_again,
    many_push_the_same_blob_while_it_is_collected,
    a_manifest_needs_its_parts,
    a_part_is_not_taken_away_while_a_manifest_is_put,
    an_index_keeps_its_manifests,
    tags_move_and_go_with_their_manifests,
    referrers_are_found,
    uploads_begin_and_go_stale,
    components_are_kept_once,
    components_added_by_two_sessions_are_the_same,
    images_hold_components,
    a_rescan_is_taken_by_one,
    credentials_are_kept,
    settings_are_kept,
    events_come_in_the_order_of_their_commits,
    tampering_with_the_audit_log_is_found,
    audit_entries_of_many_sessions_are_one_chain,
    what_is_not_committed_never_was,
    what_is_broken_is_listed,
    orphans_are_adopted_or_doomed,
}

fn digest(of: &str) -> Digest {
    Digest::sha256(of.as_bytes())
}

async fn repository(session: &mut Session, name: &str) -> RepositoryId {
    session.create_repository(name, &1, &BTreeMap::new(), 1).await.unwrap().unwrap()
}

/// A repository of that name, and blobs of these contents in it.
async fn with_blobs(store: &Store, name: &str, blobs: &[&str]) -> RepositoryId {
    let mut session = store.write().await.unwrap();
    let id = repository(&mut session, name).await;
    for blob in blobs {
        let announced = session.announce_blob(&digest(blob), blob.len() as u64, 10).await.unwrap();
        assert_eq!(announced, Announced::Ready);
        assert!(session.link_blob(id, &digest(blob), 10).await.unwrap());
    }
    session.commit().await.unwrap();
    id
}

fn manifest(content: &str) -> Manifest {
    Manifest {
        digest: digest(content),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        artifact_type: None,
        subject: None,
        annotations: BTreeMap::from([("zero\0".into(), "a\0b ü \u{1F980}".into())]),
        content: content.as_bytes().to_vec(),
        image_size: u64::from(u32::MAX) * 4,
        pushed_at: 20,
        pulled_at: None,
        quarantine: None,
        archived_at: None,
        activated_at: None,
    }
}

async fn put(store: &Store, id: RepositoryId, content: &str, parts: &[Part]) -> Result<(), StoreError> {
    let mut session = store.write().await.unwrap();
    session.put_manifest(id, &manifest(content), parts).await?;
    session.commit().await
}

async fn a_schema_is_made_once_and_refused_when_newer(place: Place) {
    // Opened again by several at once, which find it there.
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let address = place.address.clone();
        opening.spawn(async move { address.open().await.map(drop) });
    }
    while let Some(opened) = opening.join_next().await {
        opened.unwrap().unwrap();
    }
    place.run("UPDATE schema_version SET version = version + 1").await;
    let Err(StoreError::Newer { found, known }) = place.address.open().await.map(drop) else {
        panic!("a newer schema was opened");
    };
    assert_eq!(found, known + 1);
}

async fn repositories_are_unique_and_ordered_by_bytes(place: Place) {
    let mut session = place.store.write().await.unwrap();
    // In most languages a dash counts for nothing, and capitals for little.
    for name in ["a/b", "ab", "a-b", "a", "a.b", "a_b", "B"] {
        repository(&mut session, name).await;
    }
    let again = session.create_repository("ab", &2, &BTreeMap::new(), 2).await.unwrap();
    assert_eq!(again, None, "the name is taken");
    let mut changed: Repository<i64> = session.repository("ab").await.unwrap().unwrap();
    assert_eq!((changed.settings, changed.created_at), (1, 1));
    changed.settings = 7;
    changed.policy = Some("{}".into());
    changed.tags.insert("team".into(), "ü".into());
    session.update_repository(&changed).await.unwrap();
    session.commit().await.unwrap();
    let mut session = place.store.read().await.unwrap();
    assert_eq!(session.repository("ab").await.unwrap(), Some(changed));
    let names = |page: Vec<Repository<i64>>| page.into_iter().map(|one| one.name).collect::<Vec<_>>();
    let all = names(session.repositories("", 100).await.unwrap());
    assert_eq!(all, ["B", "a", "a-b", "a.b", "a/b", "a_b", "ab"]);
    assert_eq!(names(session.repositories("a-b", 2).await.unwrap()), ["a.b", "a/b"]);
}

async fn a_repository_takes_all_with_it(place: Place) {
    let id = with_blobs(&place.store, "a", &["layer"]).await;
    put(&place.store, id, "m", &[Part::Blob(digest("layer"))]).await.unwrap();
    let mut session = place.store.write().await.unwrap();
    session.put_tag(id, "v1", &digest("m"), 1).await.unwrap();
    session.create_upload("u", id, 1).await.unwrap();
    session.delete_repository(id).await.unwrap();
    session.commit().await.unwrap();
    let mut session = place.store.write().await.unwrap();
    assert!(session.manifest(id, &digest("m")).await.unwrap().is_none());
    assert!(session.tag(id, "v1").await.unwrap().is_none());
    assert!(!session.has_upload("u", id).await.unwrap());
    assert!(session.holders(&digest("m")).await.unwrap().is_empty());
    // What is left is for the collection.
    assert_eq!(session.doom_blobs(i64::MAX, 10).await.unwrap(), [digest("layer")]);
    let refused = session.create_upload("u", id, 1).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
}

async fn a_blob_lives_and_dies(place: Place) {
    let (blob, store) = (digest("b"), &place.store);
    let mut session = store.write().await.unwrap();
    let id = repository(&mut session, "a").await;
    assert!(!session.link_blob(id, &blob, 1).await.unwrap(), "there is nothing to link");
    assert_eq!(session.announce_blob(&blob, 1, 5).await.unwrap(), Announced::Ready);
    assert_eq!(session.blob(id, &blob).await.unwrap(), None, "announced, and not to be seen yet");
    assert!(session.link_blob(id, &blob, 6).await.unwrap());
    assert!(session.link_blob(id, &blob, 7).await.unwrap(), "a link may be there");
    session.commit().await.unwrap();
    let mut session = store.write().await.unwrap();
    assert_eq!(session.blob(id, &blob).await.unwrap(), Some((1, 7)));
    assert_eq!(session.repositories_of_blob(&blob).await.unwrap(), ["a"]);
    assert!(session.doom_blobs(7, 10).await.unwrap().is_empty(), "touched at 7, which is not before 7");
    assert_eq!(session.doom_blobs(8, 10).await.unwrap(), [blob]);
    session.commit().await.unwrap();
    let mut session = store.write().await.unwrap();
    assert_eq!(session.blob(id, &blob).await.unwrap(), None);
    assert_eq!(session.announce_blob(&blob, 1, 9).await.unwrap(), Announced::Doomed);
    assert!(!session.link_blob(id, &blob, 9).await.unwrap());
    // A collection that was interrupted is taken up again.
    assert_eq!(session.doom_blobs(0, 10).await.unwrap(), [blob]);
    session.forget_blob(&blob).await.unwrap();
    assert_eq!(session.announce_blob(&blob, 1, 10).await.unwrap(), Announced::Ready);
    session.forget_blob(&blob).await.unwrap();
    assert!(session.blob_row(&blob).await.unwrap().is_some(), "only what is marked is forgotten");
}

async fn a_blob_that_is_pushed_again_is_not_removed(place: Place) {
    let id = with_blobs(&place.store, "a", &["b"]).await;
    let blob = digest("b");
    // The push has announced, and has not committed, when the collection looks.
    let mut push = place.store.write().await.unwrap();
    assert_eq!(push.announce_blob(&blob, 1, 100).await.unwrap(), Announced::Ready);
    let store = place.store.clone();
    let collection = tokio::spawn(async move {
        let mut session = store.write().await.unwrap();
        let doomed = session.doom_blobs(50, 10).await.unwrap();
        session.commit().await.unwrap();
        doomed
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    push.commit().await.unwrap();
    assert!(collection.await.unwrap().is_empty());
    assert!(place.store.read().await.unwrap().blob(id, &blob).await.unwrap().is_some());
}

async fn a_lost_blob_is_pushed_again(place: Place) {
    let id = with_blobs(&place.store, "a", &["b"]).await;
    put(&place.store, id, "m", &[Part::Blob(digest("b"))]).await.unwrap();
    let blob = digest("b");
    let mut session = place.store.write().await.unwrap();
    assert!(session.lose_blob(&blob).await.unwrap());
    assert!(!session.lose_blob(&blob).await.unwrap());
    assert_eq!(session.blob(id, &blob).await.unwrap(), None, "clients are told to push it");
    assert!(!session.link_blob(id, &blob, 1).await.unwrap());
    assert!(session.repositories_of_blob(&blob).await.unwrap().is_empty(), "nothing to mount");
    assert_eq!(session.blob_row(&blob).await.unwrap().unwrap().state, BlobState::Lost);
    session.commit().await.unwrap();
    assert!(put(&place.store, id, "other", &[Part::Blob(blob)]).await.is_err());
    let mut session = place.store.write().await.unwrap();
    assert!(session.doom_blobs(i64::MAX, 10).await.unwrap().is_empty(), "a manifest is made of it");
    assert_eq!(session.announce_blob(&blob, 1, 2).await.unwrap(), Announced::Ready);
    assert_eq!(session.blob(id, &blob).await.unwrap(), None, "its bytes are not there yet");
    session.regain_blob(&blob).await.unwrap();
    assert!(session.blob(id, &blob).await.unwrap().is_some());
}

/// The rule that all rests on: while many push and the collection runs with no grace at all, no blob that is visible is
/// without its bytes. A set stands for the disk.
async fn many_push_the_same_blob_while_it_is_collected(place: Place) {
    use std::{
        collections::HashSet,
        sync::{Arc, Mutex},
    };
    let mut session = place.store.write().await.unwrap();
    let id = repository(&mut session, "a").await;
    session.commit().await.unwrap();
    let disk = Arc::new(Mutex::new(HashSet::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..4_i64 {
        let (store, disk) = (place.store.clone(), Arc::clone(&disk));
        tasks.spawn(async move {
            for round in 0..15_i64 {
                let blob = digest(if round % 2 == 0 { "x" } else { "y" });
                let mut session = store.write().await.unwrap();
                let announced = session.announce_blob(&blob, 1, round * 4 + client).await.unwrap();
                session.commit().await.unwrap();
                if announced == Announced::Doomed {
                    continue;
                }
                disk.lock().unwrap().insert(blob);
                let mut session = store.write().await.unwrap();
                let linked = session.link_blob(id, &blob, round * 4 + client).await.unwrap();
                session.commit().await.unwrap();
                let mut session = store.write().await.unwrap();
                if linked && session.put_manifest(id, &manifest("m"), &[Part::Blob(blob)]).await.is_ok() {
                    session.commit().await.unwrap();
                    assert!(disk.lock().unwrap().contains(&blob), "a blob of a manifest is not there");
                    let mut session = store.write().await.unwrap();
                    session.delete_manifest(id, &digest("m")).await.unwrap();
                    session.commit().await.unwrap();
                }
            }
        });
    }
    let store = place.store.clone();
    tasks.spawn(async move {
        for round in 0..30_i64 {
            let mut session = store.write().await.unwrap();
            let doomed = session.doom_blobs(round * 2, 10).await.unwrap();
            session.commit().await.unwrap();
            for blob in &doomed {
                disk.lock().unwrap().remove(blob);
            }
            let mut session = store.write().await.unwrap();
            for blob in &doomed {
                session.forget_blob(blob).await.unwrap();
            }
            session.commit().await.unwrap();
        }
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

async fn a_manifest_needs_its_parts(place: Place) {
    let id = with_blobs(&place.store, "a", &["here"]).await;
    let elsewhere = with_blobs(&place.store, "b", &["there"]).await;
    for missing in
        [Part::Blob(digest("there")), Part::Blob(digest("nowhere")), Part::Manifest(digest("none"))]
    {
        let refused = put(&place.store, id, "m", &[Part::Blob(digest("here")), missing]).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{missing:?}: {refused:?}");
    }
    let mut session = place.store.read().await.unwrap();
    assert!(session.manifest(id, &digest("m")).await.unwrap().is_none(), "nothing of it was kept");
    drop(session);
    put(&place.store, id, "m", &[Part::Blob(digest("here"))]).await.unwrap();
    put(&place.store, id, "m", &[Part::Blob(digest("here"))]).await.unwrap();
    let mut session = place.store.write().await.unwrap();
    assert_eq!(session.manifest(id, &digest("m")).await.unwrap(), Some(manifest("m")));
    assert_eq!(session.user_of_blob(id, &digest("here")).await.unwrap(), Some(digest("m")));
    assert_eq!(session.manifests(id, "", 10).await.unwrap().len(), 1);
    assert!(session.set_quarantine(id, &digest("m"), Some("{}")).await.unwrap());
    session.note_pull(id, &digest("m"), 99).await.unwrap();
    let changed = session.manifest(id, &digest("m")).await.unwrap().unwrap();
    assert_eq!((changed.quarantine.as_deref(), changed.pulled_at), (Some("{}"), Some(99)));
    assert!(!session.unlink_blob(id, &digest("here")).await.unwrap(), "a manifest is made of it");
    assert!(session.unlink_blob(elsewhere, &digest("there")).await.unwrap());
    assert!(!session.unlink_blob(elsewhere, &digest("there")).await.unwrap());
}

/// Whoever comes first, the manifest has its blob or is refused.
async fn a_part_is_not_taken_away_while_a_manifest_is_put(place: Place) {
    for round in 0..10 {
        let id = with_blobs(&place.store, &format!("r{round}"), &["b"]).await;
        let store = place.store.clone();
        let taking = tokio::spawn(async move {
            let mut session = store.write().await.unwrap();
            let taken = session.unlink_blob(id, &digest("b")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(round)).await;
            session.commit().await.unwrap();
            taken
        });
        tokio::time::sleep(Duration::from_millis(round % 3)).await;
        let kept = put(&place.store, id, "m", &[Part::Blob(digest("b"))]).await.is_ok();
        assert_ne!(kept, taking.await.unwrap(), "one of both");
    }
    assert_eq!(place.store.read().await.unwrap().broken_parts(10).await.unwrap(), []);
}

async fn an_index_keeps_its_manifests(place: Place) {
    let id = with_blobs(&place.store, "a", &["b"]).await;
    put(&place.store, id, "child", &[Part::Blob(digest("b"))]).await.unwrap();
    put(&place.store, id, "index", &[Part::Manifest(digest("child"))]).await.unwrap();
    let mut session = place.store.write().await.unwrap();
    assert_eq!(session.indexes_of(id, &digest("child")).await.unwrap(), [digest("index")]);
    let refused = session.delete_manifest(id, &digest("child")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert!(session.delete_manifest(id, &digest("index")).await.unwrap());
    assert!(session.delete_manifest(id, &digest("child")).await.unwrap());
    assert!(!session.delete_manifest(id, &digest("child")).await.unwrap());
    session.commit().await.unwrap();
    // Put and removed at the same time.
    for round in 0..10 {
        put(&place.store, id, "child", &[Part::Blob(digest("b"))]).await.unwrap();
        let store = place.store.clone();
        let removing = tokio::spawn(async move {
            let mut session = store.write().await.unwrap();
            let removed = session.delete_manifest(id, &digest("child")).await.is_ok();
            tokio::time::sleep(Duration::from_millis(round)).await;
            session.commit().await.unwrap();
            removed
        });
        tokio::time::sleep(Duration::from_millis(round % 3)).await;
        let kept = put(&place.store, id, "index", &[Part::Manifest(digest("child"))]).await.is_ok();
        assert_ne!(kept, removing.await.unwrap(), "one of both");
        let mut session = place.store.write().await.unwrap();
        session.delete_manifest(id, &digest("index")).await.unwrap();
        session.delete_manifest(id, &digest("child")).await.unwrap();
        session.commit().await.unwrap();
    }
}

async fn tags_move_and_go_with_their_manifests(place: Place) {
    let id = with_blobs(&place.store, "a", &["b"]).await;
    for content in ["m1", "m2"] {
        put(&place.store, id, content, &[Part::Blob(digest("b"))]).await.unwrap();
    }
    let mut session = place.store.write().await.unwrap();
    for (tag, content) in [("v1", "m1"), ("V2", "m1"), ("_x", "m1"), ("v1", "m2")] {
        session.put_tag(id, tag, &digest(content), 1).await.unwrap();
    }
    assert_eq!(session.tag(id, "v1").await.unwrap(), Some(digest("m2")));
    assert_eq!(session.tags_of(id, &digest("m1")).await.unwrap(), ["V2", "_x"]);
    let names: Vec<_> = session.tags(id, "V2", 2).await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["_x", "v1"], "in the order of bytes, behind the one that was named");
    assert!(session.delete_manifest(id, &digest("m1")).await.unwrap());
    assert_eq!(session.tag(id, "V2").await.unwrap(), None);
    assert!(session.delete_tag(id, "v1").await.unwrap());
    assert!(!session.delete_tag(id, "v1").await.unwrap());
    let nowhere = session.put_tag(id, "v1", &digest("m1"), 1).await;
    assert!(matches!(nowhere, Err(StoreError::Conflict(_))), "{nowhere:?}");
}

async fn referrers_are_found(place: Place) {
    let id = with_blobs(&place.store, "a", &[]).await;
    let mut session = place.store.write().await.unwrap();
    // The subject need not be there.
    for content in ["s1", "s2"] {
        let about = Manifest {
            subject: Some(digest("image")),
            artifact_type: Some("x/y".into()),
            ..manifest(content)
        };
        session.put_manifest(id, &about, &[]).await.unwrap();
    }
    let mut wanted = [digest("s1"), digest("s2")];
    wanted.sort();
    let found = session.referrers(id, &digest("image"), 10).await.unwrap();
    assert_eq!(found.iter().map(|one| one.digest).collect::<Vec<_>>(), wanted);
    assert_eq!(session.referrers(id, &digest("image"), 1).await.unwrap().len(), 1);
    assert_eq!(session.referrers(id, &digest("other"), 10).await.unwrap(), []);
}

async fn uploads_begin_and_go_stale(place: Place) {
    let mut session = place.store.write().await.unwrap();
    let (id, other) = (repository(&mut session, "a").await, repository(&mut session, "b").await);
    for (upload, time) in [("u1", 1), ("u2", 2)] {
        session.create_upload(upload, id, time).await.unwrap();
    }
    assert!(session.has_upload("u1", id).await.unwrap());
    assert!(!session.has_upload("u1", other).await.unwrap(), "of another repository");
    assert!(session.is_upload("u1").await.unwrap() && !session.is_upload("u3").await.unwrap());
    session.touch_upload("u1", 9).await.unwrap();
    assert_eq!(session.stale_uploads(9, 10).await.unwrap(), ["u2"]);
    assert_eq!(session.uploads("u1", 10).await.unwrap(), [("u2".to_owned(), 2)]);
    assert!(session.delete_upload("u2").await.unwrap());
    assert!(!session.delete_upload("u2").await.unwrap());
}

fn component(number: u32) -> NewComponent {
    NewComponent {
        key: number.to_be_bytes().repeat(4),
        os: number.is_multiple_of(2),
        package: vec![0, 1, 0xff],
        names: vec![
            ("npm".into(), format!("name-{}", number % 50)),
            ("npm".into(), format!("only-{number}")),
        ],
        findings: Observations::from([(
            format!("CVE-2024-{number}"),
            Observation { level: 4, content: u64::MAX, ..Observation::default() },
        )]),
    }
}

async fn components_are_kept_once(place: Place) {
    let all: Vec<_> = (0..1300).map(component).collect();
    let keys: Vec<_> = all.iter().map(|component| component.key.clone()).collect();
    let mut session = place.store.write().await.unwrap();
    assert!(session.components_by_key(&keys).await.unwrap().is_empty());
    assert!(session.add_components(&[]).await.unwrap().is_empty());
    let twice = [all[0].clone(), all[0].clone()];
    assert_eq!(session.add_components(&twice).await.unwrap().len(), 1);
    let ids = session.add_components(&all).await.unwrap();
    assert_eq!(ids.len(), all.len());
    session.commit().await.unwrap();
    let mut session = place.store.write().await.unwrap();
    assert_eq!(session.components_by_key(&keys).await.unwrap(), ids);
    assert_eq!(session.add_components(&all[..7]).await.unwrap()[&all[3].key], ids[&all[3].key]);
    let mut some: Vec<ComponentId> = ids.values().copied().collect();
    some.sort_unstable();
    assert_eq!(session.all_components(ComponentId(0), 5000).await.unwrap(), some);
    some.push(ComponentId(i64::MAX));
    let found = session.components(&some).await.unwrap();
    assert_eq!(found.len(), all.len(), "what is not there is left out, and nothing comes twice");
    let one = found.iter().find(|one| one.id == ids[&all[7].key]).unwrap();
    assert_eq!((one.os, &one.package, &one.findings), (false, &all[7].package, &all[7].findings));
    assert_eq!(session.components_named("npm", &["name-3", "no"]).await.unwrap().len(), 26);
    let many: Vec<String> = (0..1300).map(|number| format!("only-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(session.components_named("npm", &many).await.unwrap().len(), 1300);
    session.update_findings(one.id, &Observations::new()).await.unwrap();
    assert!(session.components(&[one.id]).await.unwrap()[0].findings.is_empty());
}

async fn components_added_by_two_sessions_are_the_same(place: Place) {
    // In opposite order, as two images list them: sessions that waited for each other would be a dead lock.
    let all: Vec<_> = (0..600).map(component).collect();
    let mut adding = tokio::task::JoinSet::new();
    for turn in 0..4 {
        let (store, mut mine) = (place.store.clone(), all.clone());
        if turn % 2 == 1 {
            mine.reverse();
        }
        adding.spawn(async move {
            let mut session = store.write().await.unwrap();
            let mut ids = session.add_components(&mine[..300]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            if turn == 0 {
                ids.extend(session.add_components(&[]).await.unwrap());
            }
            session.commit().await.unwrap();
            ids
        });
    }
    let mut merged = BTreeMap::new();
    while let Some(ids) = adding.join_next().await {
        for (key, id) in ids.unwrap() {
            assert_eq!(*merged.entry(key).or_insert(id), id);
        }
    }
    assert_eq!(merged.len(), all.len());
}

async fn images_hold_components(place: Place) {
    let mut image = ScannedImage {
        digest: digest("m"),
        scanned_at: 1,
        database: "d".into(),
        failure: None,
        summary: "{}".into(),
        components: [1, 2, 300, 70_000].map(ComponentId).to_vec(),
    };
    let mut session = place.store.write().await.unwrap();
    session.put_image(&image).await.unwrap();
    image.failure = Some("no".into());
    session.put_image(&image).await.unwrap();
    assert_eq!(session.image(&image.digest).await.unwrap(), Some(image.clone()));
    assert_eq!(session.images("", 10).await.unwrap(), std::slice::from_ref(&image));
    assert_eq!(session.image_components("", 10).await.unwrap(), [(image.digest, image.components.clone())]);
    assert_eq!(session.forget_images().await.unwrap(), 1, "no repository holds it");
    assert_eq!(session.image(&image.digest).await.unwrap(), None);
}

async fn a_rescan_is_taken_by_one(place: Place) {
    let changes = Changes::from([(ComponentId(3), BTreeMap::from([("CVE-1".to_owned(), Change::New)]))]);
    let mut session = place.store.write().await.unwrap();
    session.add_rescan(1, &changes).await.unwrap();
    session.commit().await.unwrap();
    let mut session = place.store.write().await.unwrap();
    let taken = session.next_rescan().await.unwrap().unwrap();
    assert_eq!((taken.time, &taken.changes, &taken.told[..]), (1, &changes, ""));
    if let support::Address::Url(_) = place.address {
        // SQLite has one writer anyhow.
        let mut other = place.store.write().await.unwrap();
        assert_eq!(other.next_rescan().await.unwrap(), None, "somebody has it");
    }
    session.advance_rescan(taken.id, "sha256:0").await.unwrap();
    assert_eq!(session.next_rescan().await.unwrap().unwrap().told, "sha256:0");
    session.end_rescan(taken.id).await.unwrap();
    assert_eq!(session.next_rescan().await.unwrap(), None);
    session.put_deployment(&digest("m"), "prod", 1).await.unwrap();
    session.put_deployment(&digest("m"), "prod", 2).await.unwrap();
    let running = session.deployments().await.unwrap();
    assert_eq!(running[&digest("m")], BTreeMap::from([("prod".to_owned(), 2)]));
    assert!(session.delete_deployment(&digest("m"), "prod").await.unwrap());
    assert!(!session.delete_deployment(&digest("m"), "prod").await.unwrap());
}

async fn credentials_are_kept(place: Place) {
    let mut credential = Credential {
        id: "b".into(),
        name: "robot".into(),
        secret: vec![0, 1, 255],
        created_at: 1,
        expires_at: Some(2),
        disabled: false,
        grants: vec![Grant { repositories: "a/*".into(), actions: vec![Action::Pull, Action::Push] }],
    };
    let mut session = place.store.write().await.unwrap();
    session.put_credential(&credential).await.unwrap();
    credential.disabled = true;
    credential.expires_at = None;
    session.put_credential(&credential).await.unwrap();
    session.put_credential(&Credential { id: "C".into(), ..credential.clone() }).await.unwrap();
    assert!(session.credential("b").await.unwrap() == Some(credential));
    let ids: Vec<_> = session.credentials().await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["C", "b"]);
    assert!(session.delete_credential("b").await.unwrap());
    assert!(!session.delete_credential("b").await.unwrap());
}

async fn settings_are_kept(place: Place) {
    let mut session = place.store.write().await.unwrap();
    assert_eq!(session.setting::<i32>("a").await.unwrap(), None);
    for value in [1, 2] {
        session.put_setting("a", &value).await.unwrap();
    }
    assert_eq!(session.setting::<i32>("a").await.unwrap(), Some(2));
    let wrong = session.setting::<Vec<String>>("a").await;
    assert!(matches!(wrong, Err(StoreError::Damaged { what: "setting", .. })), "{wrong:?}");
    assert!(session.delete_setting("a").await.unwrap());
    assert!(!session.delete_setting("a").await.unwrap());
}

fn event(id: &str) -> StoredEvent {
    let (source, detail_type) = ("aws.ecr".into(), "x".into());
    StoredEvent { seq: 0, id: id.into(), time: 1, source, detail_type, envelope: "{}".into() }
}

/// Who reads on behind the last event that it saw misses none: numbers are in the order of commits.
async fn events_come_in_the_order_of_their_commits(place: Place) {
    let mut writing = tokio::task::JoinSet::new();
    for writer in 0..4_u64 {
        let store = place.store.clone();
        writing.spawn(async move {
            for number in 0..10_u64 {
                let mut session = store.write().await.unwrap();
                session.add_event(&event(&format!("{writer}-{number}"))).await.unwrap();
                tokio::time::sleep(Duration::from_millis((writer * 7 + number) % 5)).await;
                session.commit().await.unwrap();
            }
        });
    }
    let (mut seen, mut last) = (Vec::new(), 0);
    while seen.len() < 40 {
        let page = place.store.read().await.unwrap().events(last, 7).await.unwrap();
        last = page.last().map_or(last, |event| event.seq);
        seen.extend(page.into_iter().map(|event| event.id));
        assert!(
            !(writing.is_empty()
                && seen.len() < 40
                && place.store.read().await.unwrap().events(last, 1).await.unwrap().is_empty()),
            "events were missed: {} of 40 came",
            seen.len()
        );
        while writing.try_join_next().is_some() {}
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 40);
    let mut session = place.store.write().await.unwrap();
    assert!(matches!(session.add_event(&event("0-0")).await, Err(StoreError::Conflict(_))));
}

fn entry(actor: &str) -> Entry {
    let [action, resource, outcome, detail] = ["a", "r", "allowed", "{}"].map(String::from);
    Entry { time: 1, actor: actor.into(), action, resource, outcome, detail }
}

async fn is_a_chain(store: &Store) -> usize {
    let log = store.read().await.unwrap().audit_log(0, 1000).await.unwrap();
    let mut before = None;
    for (sound, entry) in log.iter().enumerate() {
        if !entry.follows(before) {
            return sound;
        }
        before = Some(entry);
    }
    log.len()
}

async fn tampering_with_the_audit_log_is_found(place: Place) {
    let mut session = place.store.write().await.unwrap();
    for actor in ["a", "b", "c", "d", "e", "f"] {
        session.audit(&entry(actor)).await.unwrap();
    }
    session.commit().await.unwrap();
    assert_eq!(is_a_chain(&place.store).await, 6);
    place.run("UPDATE audit SET actor = 'x' WHERE seq = 5").await;
    assert_eq!(is_a_chain(&place.store).await, 4, "changed");
    place.run("UPDATE audit SET actor = 'c', action = 'ra', resource = '' WHERE seq = 3").await;
    assert_eq!(is_a_chain(&place.store).await, 2, "moved from one field to the next");
    place.run("DELETE FROM audit WHERE seq = 2").await;
    assert_eq!(is_a_chain(&place.store).await, 1, "taken out");
    place.run("DELETE FROM audit WHERE seq = 1").await;
    assert_eq!(is_a_chain(&place.store).await, 0, "cut off in front");
}

async fn audit_entries_of_many_sessions_are_one_chain(place: Place) {
    let mut writing = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let store = place.store.clone();
        writing.spawn(async move {
            for number in 0..10 {
                let mut session = store.write().await.unwrap();
                // Both logs in either order: one lock, so that nobody waits for ever.
                if number % 2 == 0 {
                    session.add_event(&event(&format!("{writer}-{number}"))).await.unwrap();
                }
                session.audit(&entry("a")).await.unwrap();
                if number % 2 == 1 {
                    session.add_event(&event(&format!("{writer}-{number}"))).await.unwrap();
                }
                session.commit().await.unwrap();
            }
        });
    }
    while let Some(ended) = writing.join_next().await {
        ended.unwrap();
    }
    assert_eq!(is_a_chain(&place.store).await, 40);
}

async fn what_is_not_committed_never_was(place: Place) {
    let mut session = place.store.write().await.unwrap();
    repository(&mut session, "a").await;
    drop(session);
    let mut session = place.store.write().await.unwrap();
    assert_eq!(session.repository::<i64>("a").await.unwrap(), None);
    repository(&mut session, "a").await;
    // Readers wait for nobody, and see what was committed.
    let seen = place.store.read().await.unwrap().repository::<i64>("a").await.unwrap();
    assert_eq!(seen, None);
    session.commit().await.unwrap();
    assert!(place.store.read().await.unwrap().repository::<i64>("a").await.unwrap().is_some());
}

async fn what_is_broken_is_listed(place: Place) {
    let id = with_blobs(&place.store, "a", &["b1", "b2", "unused"]).await;
    put(&place.store, id, "child", &[Part::Blob(digest("b1")), Part::Blob(digest("b2"))]).await.unwrap();
    put(&place.store, id, "index", &[Part::Manifest(digest("child"))]).await.unwrap();
    let mut session = place.store.write().await.unwrap();
    session.put_tag(id, "v1", &digest("child"), 1).await.unwrap();
    assert_eq!(session.broken_parts(10).await.unwrap(), []);
    assert_eq!(session.broken_tags(10).await.unwrap(), []);
    assert_eq!(session.check_database().await.unwrap(), Vec::<String>::new());
    let stored = session.stored_manifests((0, ""), 10).await.unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|one| one.digest.names(&one.content)));
    let behind = (stored[0].repository, &stored[0].digest.to_string()[..]);
    assert_eq!(session.stored_manifests(behind, 10).await.unwrap(), stored[1..]);
    session.lose_blob(&digest("b1")).await.unwrap();
    session.commit().await.unwrap();
    let tampering = match place.address {
        // Foreign keys are off there; in PostgreSQL nobody gets past them.
        support::Address::File(_) => "DELETE FROM manifest WHERE CAST(content AS TEXT) = 'child'",
        support::Address::Url(_) => {
            "DELETE FROM repository_blob WHERE digest IN (SELECT digest FROM blob WHERE state = 2)"
        }
    };
    place.run(tampering).await;
    let mut session = place.store.write().await.unwrap();
    let broken = session.broken_parts(10).await.unwrap();
    assert!(broken.iter().any(|one| one.part == Part::Blob(digest("b1")) && one.manifest == digest("child")));
    if let support::Address::File(_) = place.address {
        assert!(broken.iter().any(|one| one.part == Part::Manifest(digest("child"))));
        let tags = session.broken_tags(10).await.unwrap();
        assert_eq!(tags.len(), 1);
        assert!(!session.check_database().await.unwrap().is_empty());
        assert!(session.delete_broken_tag(&tags[0]).await.unwrap());
        assert!(!session.delete_broken_tag(&tags[0]).await.unwrap());
    } else {
        session.regain_blob(&digest("b1")).await.unwrap();
        assert_eq!(session.relink_blob(&digest("b1")).await.unwrap(), 1);
        assert_eq!(session.relink_blob(&digest("b1")).await.unwrap(), 0);
        assert_eq!(session.broken_parts(10).await.unwrap(), []);
    }
    let rows = session.blob_rows("", 10).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.is_linked && row.state != BlobState::Doomed));
}

async fn orphans_are_adopted_or_doomed(place: Place) {
    let id = with_blobs(&place.store, "a", &["b"]).await;
    put(&place.store, id, "m", &[Part::Blob(digest("b"))]).await.unwrap();
    place.run("DELETE FROM repository_blob").await;
    place.run("DELETE FROM blob").await;
    let mut session = place.store.write().await.unwrap();
    assert!(!session.adopt_blob(&digest("other"), 1, 5).await.unwrap(), "nobody is made of it");
    assert!(session.adopt_blob(&digest("b"), 1, 5).await.unwrap());
    assert!(!session.adopt_blob(&digest("b"), 1, 5).await.unwrap());
    assert_eq!(session.blob(id, &digest("b")).await.unwrap(), Some((1, 5)));
    assert!(!session.doom_orphan(&digest("b"), 1, 6).await.unwrap());
    assert!(session.doom_orphan(&digest("other"), 1, 6).await.unwrap());
    assert_eq!(session.announce_blob(&digest("other"), 1, 7).await.unwrap(), Announced::Doomed);
    assert_eq!(session.doom_blobs(0, 10).await.unwrap(), [digest("other")]);
}
