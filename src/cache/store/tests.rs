//! What is in the file, after whatever happened.

use http::{HeaderName, HeaderValue};

use super::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn new(place: u8, content: &[u8], seconds: u64) -> New {
    let headers = [
        (HeaderName::from_static("link"), HeaderValue::from_static("<a>")),
        (HeaderName::from_static("link"), HeaderValue::from_bytes(b"caf\xe9: b").unwrap()),
        (HeaderName::from_static("x"), HeaderValue::from_static("")),
    ];
    let mut fields = HeaderMap::new();
    headers.into_iter().for_each(|(name, value)| _ = fields.append(name, value));
    New {
        key: Key { place: [place; 32], who: [0; 32] },
        method: Method::GET,
        variant: [0; 32],
        status: 200,
        version: http::Version::HTTP_2,
        headers: fields,
        asked_at: at(seconds),
        came_at: at(seconds),
        content: Bytes::copy_from_slice(content),
    }
}

fn open(dir: &Path) -> Store {
    Store::create(&dir.join("cache.sqlite")).unwrap()
}

fn put(store: &mut Store, most: u64, new: &New) {
    store.all(most, BUSY, |changes| changes.put(new)).unwrap();
}

fn total(store: &mut Store) -> u64 {
    store.all(u64::MAX, BUSY, |changes| changes.total()).unwrap()
}

const ALL: u64 = u64::MAX;

#[test]
fn what_was_put_is_there_for_another_process_and_the_new_takes_the_place_of_the_old() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, other) = (open(dir.path()), open(dir.path()));
    put(&mut one, ALL, &new(1, b"first", 5));
    put(&mut one, ALL, &new(1, b"second", 6));
    let key = new(1, b"", 0).key;
    let entries = other.entries(&key).unwrap();
    assert_eq!((entries.len(), entries[0].came_at, entries[0].version), (1, at(6), http::Version::HTTP_2));
    assert_eq!(entries[0].headers, new(1, b"", 0).headers);
    assert_eq!(other.content(&entries[0].ident).unwrap().unwrap(), "second");
    assert!(other.entries(&Key { who: [1; 32], ..key }).unwrap().is_empty());
    one.all(ALL, BUSY, |changes| changes.forget(&key.place)).unwrap();
    assert!(other.entries(&key).unwrap().is_empty() && other.content(&entries[0].ident).unwrap().is_none());
    assert_eq!(total(&mut one), 0);
}

#[test]
fn above_its_bound_what_was_not_used_for_longest_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for place in 0..10 {
        put(&mut store, ALL, &new(place, &[place; 10_000], u64::from(place)));
    }
    let oldest = store.entries(&new(0, b"", 0).key).unwrap()[0].ident;
    store.all(ALL, BUSY, |changes| changes.touch(&oldest, at(99))).unwrap();
    put(&mut store, 60_000, &new(10, &[10; 10_000], 10));
    let left = (0..11).filter(|place| !store.entries(&new(*place, b"", 0).key).unwrap().is_empty());
    assert_eq!(left.collect::<Vec<_>>(), [0, 7, 8, 9, 10]);
    assert!((50_000..60_000).contains(&total(&mut store)));
    // What is larger than all of it leaves nothing, not even itself.
    put(&mut store, 5_000, &new(11, &[0; 10_000], 11));
    assert_eq!(total(&mut store), 0);
    let pages = store.count("PRAGMA page_count").unwrap();
    assert!(pages < 30, "{pages} pages are still there");
}

#[test]
fn content_that_is_not_what_it_was_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    put(&mut store, ALL, &new(1, b"content", 1));
    let ident = store.entries(&new(1, b"", 0).key).unwrap()[0].ident;
    store.0.execute("UPDATE content SET bytes = x'00'", []).unwrap();
    assert_eq!(store.content(&ident).unwrap(), None);
    store.0.execute("UPDATE answer SET fields = x'00'", []).unwrap();
    assert!(store.entries(&new(1, b"", 0).key).unwrap().is_empty());
}

#[test]
fn a_change_that_fails_leaves_all_of_its_batch_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let failed = store.all(ALL, BUSY, |changes| {
        changes.put(&new(1, b"x", 1))?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err() && store.entries(&new(1, b"", 0).key).unwrap().is_empty());
    assert_eq!(total(&mut store), 0);
}

#[test]
fn files_of_others_are_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.sqlite");
    std::fs::write(&path, "my notes, which are longer than a header of a database would have to be to be read")
        .unwrap();
    assert!(matches!(Store::create(&path), Err(CacheError::Unusable(..))));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("my notes"));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    assert!(matches!(Store::create(&path), Err(CacheError::Foreign(_))));
    std::fs::remove_file(&path).unwrap();
    open(dir.path()).0.pragma_update(None, "user_version", 9).unwrap();
    assert!(matches!(Store::create(&path), Err(CacheError::Newer(_))));
}

#[test]
fn many_may_make_the_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for place in 0..8 {
            let dir = dir.path();
            scope.spawn(move || put(&mut open(dir), ALL, &new(place, b"x", 1)));
        }
    });
    let store = open(dir.path());
    assert_eq!(store.count("SELECT count(*) FROM content").unwrap(), 8);
}

#[test]
fn who_comes_back_to_an_answer_that_has_gone_finds_nothing_and_changes_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    put(&mut store, ALL, &new(1, b"mine", 1));
    let mine = store.entries(&new(1, b"", 0).key).unwrap().remove(0);
    store.all(ALL, BUSY, |changes| changes.remove(&mine.ident)).unwrap();
    put(&mut store, ALL, &new(2, b"another's", 2));
    let other = store.entries(&new(2, b"", 0).key).unwrap().remove(0);
    assert_ne!(mine.ident.id, other.ident.id, "no number is given twice");
    // Nor does it help to have the number, as in a file that was made anew.
    for ident in [
        mine.ident,
        Ident { id: other.ident.id, ..mine.ident },
        Ident { digest: mine.ident.digest, ..other.ident },
        Ident { key: mine.ident.key, ..other.ident },
    ] {
        assert_eq!(store.content(&ident).unwrap(), None);
        let late = Entry { ident, headers: HeaderMap::new(), came_at: at(9), ..mine.clone() };
        store
            .all(ALL, BUSY, |changes| {
                changes.renew(&late)?;
                changes.touch(&ident, at(99))?;
                changes.remove(&ident)
            })
            .unwrap();
        let left = store.entries(&new(2, b"", 0).key).unwrap().remove(0);
        assert_eq!((left.came_at, left.used, left.headers.len()), (at(2), at(2), 3), "{ident:?}");
    }
    assert_eq!(store.content(&other.ident).unwrap().unwrap(), "another's");
}

#[test]
fn a_file_of_an_older_version_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    put(&mut store, ALL, &new(1, b"old", 1));
    store.0.pragma_update(None, "user_version", 1).unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert!(store.entries(&new(1, b"", 0).key).unwrap().is_empty());
    assert_eq!(total(&mut store), 0);
    put(&mut store, ALL, &new(1, b"new", 1));
    assert_eq!(open(dir.path()).entries(&new(1, b"", 0).key).unwrap().len(), 1);
}
