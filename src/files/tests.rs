use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::model::ToldBy;

fn wish(url: &str) -> SaveAs {
    SaveAs {
        url: Arc::new(Url::parse(url).unwrap()),
        seq: 0,
        told_by: ToldBy::Url,
        accept: Default::default(),
        judge: None,
        most: u64::MAX,
        existing: Existing::Replace,
    }
}

fn note(wish: &SaveAs) -> Option<Note> {
    Some(Note::new(wish.url.to_string(), "\"a\"".to_owned(), Some(200_000)))
}

const NO_TYPE: Content<'_> = Content { media_type: None, sha256: None };

fn save(files: &Files, wish: &SaveAs, text: &str) -> Result<PathBuf, Fault> {
    let mut part = files.begin(wish, None)?;
    part.write(&[Bytes::copy_from_slice(text.as_bytes())])?;
    let sha256 = Sha256::digest(text).into();
    files.keep(part, wish, Content { media_type: None, sha256: Some(&sha256) })
}

fn files(dir: &Path, name: Option<&str>, by: SaveBy) -> Files {
    Files::new(&Save { dir: dir.to_owned(), name: name.map(str::to_owned), by, ..Save::default() }).unwrap()
}

/// Names of all there is below a folder, files only.
fn all(dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match fs::symlink_metadata(&path).unwrap().is_dir() {
                true => folders.push(path),
                false => out.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    out.sort();
    out
}

#[test]
fn a_body_has_its_name_when_it_is_complete_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("made/on/demand");
    let files = files(&root, None, SaveBy::Url);
    let wish = wish("https://h/a/b.txt");
    let mut part = files.begin(&wish, None).unwrap();
    part.write(&[Bytes::from("on"), Bytes::new(), Bytes::from("e")]).unwrap();
    assert!(all(&root).iter().all(|name| name.ends_with(".part")));
    assert_eq!(files.keep(part, &wish, NO_TYPE).unwrap(), root.join("h/a/b.txt"));
    save(&files, &wish, "two").unwrap();
    assert_eq!(
        (all(&root), fs::read_to_string(root.join("h/a/b.txt")).unwrap()),
        (vec!["h/a/b.txt".into()], "two".into())
    );
    drop(files.begin(&wish, None).unwrap());
    assert_eq!(all(&root).len(), 1, "what was cut is gone");
}

#[test]
fn the_same_content_is_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path(), None, SaveBy::Hash);
    let first = save(&files, &wish("https://h/a"), "same").unwrap();
    let before = fs::metadata(&first).unwrap().modified().unwrap();
    assert_eq!(save(&files, &wish("https://h/b"), "same").unwrap(), first);
    save(&files, &wish("https://h/c"), "other").unwrap();
    assert_eq!((all(dir.path()).len(), fs::metadata(&first).unwrap().modified().unwrap()), (2, before));
    let hex = data_encoding::HEXLOWER.encode(&Sha256::digest("same"));
    assert_eq!(first, dir.path().join(&hex[..2]).join(&hex[2..]));
}

#[test]
fn a_name_that_two_have_is_the_first_ones_also_when_a_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (wish("https://a/logo.png"), wish("https://b/logo.png"));
    let first = files(dir.path(), Some("{name}"), SaveBy::Url);
    assert_eq!(save(&first, &a, "a").unwrap(), dir.path().join("logo.png"));
    let other = save(&first, &b, "b").unwrap();
    assert!(other.file_name().unwrap().to_str().unwrap().starts_with("logo~"), "{other:?}");
    assert_eq!(save(&first, &b, "b2").unwrap(), other, "the same request keeps its name");
    assert_eq!(fs::read_to_string(dir.path().join("logo.png")).unwrap(), "a");
    // The rest of that run does not know whose the files are.
    let rest = files(dir.path(), Some("{name}"), SaveBy::Url);
    let b = SaveAs { existing: Existing::Keep, ..b };
    assert_eq!(save(&rest, &b, "b3").unwrap(), other);
    assert_eq!(fs::read_to_string(dir.path().join("logo.png")).unwrap(), "a");
}

#[cfg(unix)]
#[test]
fn planted_links_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
    fs::create_dir_all(root.join("h")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("mine"), "mine").unwrap();
    let files = files(&root, None, SaveBy::Url);
    let (file, below) = (wish("https://h/x.txt"), wish("https://h/d/x.txt"));
    // in the place of the file, of the folder, of the part
    symlink(outside.join("mine"), root.join("h/x.txt")).unwrap();
    symlink(&outside, root.join("h/d")).unwrap();
    let part = format!(".{}.part", key(&file));
    symlink(outside.join("mine"), root.join(&part)).unwrap();
    assert!(files.earlier(&file, &file.url).is_none());
    save(&files, &file, "new").unwrap();
    assert!(!fs::symlink_metadata(root.join("h/x.txt")).unwrap().is_symlink(), "the link itself is replaced");
    let fault = save(&files, &below, "new").unwrap_err();
    assert!(fault.path.ends_with("h/d") && fault.to_string().contains("not followed"), "{fault}");
    // another name of a file, a folder, a pipe
    fs::hard_link(outside.join("mine"), root.join(&part)).unwrap();
    save(&files, &file, "new").unwrap();
    assert_eq!(
        (all(&outside), fs::read_to_string(outside.join("mine")).unwrap()),
        (vec!["mine".into()], "mine".into())
    );
    fs::create_dir(root.join(&part)).unwrap();
    assert!(save(&files, &file, "new").is_err());
    fs::create_dir_all(root.join("h/y.txt")).unwrap();
    assert!(save(&files, &wish("https://h/y.txt"), "new").unwrap_err().path.ends_with("h/y.txt"));
}

#[test]
fn a_part_is_gone_on_with_only_where_it_is_noted_what_it_is_of() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path(), None, SaveBy::Url);
    let wish = wish("https://h/big.bin");
    let body = Bytes::from(vec![b'x'; 100_000]);
    let begun = |note: Option<Note>, body: &Bytes| {
        let mut part = files.begin(&wish, note).unwrap();
        part.write(std::slice::from_ref(body)).unwrap();
        part
    };
    drop(begun(None, &body));
    assert!(all(dir.path()).is_empty());
    drop(begun(note(&wish), &body.slice(..1000)));
    assert!(all(dir.path()).is_empty(), "too short to be worth it");
    drop(begun(note(&wish), &body));
    assert_eq!(all(dir.path()).len(), 2);
    let moved = Url::parse("https://h/v2/big.bin").unwrap();
    assert!(files.earlier(&wish, &moved).is_none(), "a redirect leads elsewhere now");
    let mut part = files.earlier(&wish, &wish.url).unwrap();
    assert!(files.earlier(&wish, &wish.url).is_none(), "nobody else has it meanwhile");
    assert_eq!((part.len(), part.note().unwrap().validator.as_str()), (100_000, "\"a\""));
    let mut read = 0;
    while let Some(piece) = Some(part.read().unwrap()).filter(|piece| !piece.is_empty()) {
        read += piece.len();
    }
    assert_eq!(read, 100_000);
    part.write(std::slice::from_ref(&body)).unwrap();
    let path = files.keep(part, &wish, NO_TYPE).unwrap();
    assert_eq!((fs::metadata(path).unwrap().len(), all(dir.path()).len()), (200_000, 1));
    // What is behind the noted length may never have been on the disk.
    drop(begun(note(&wish), &body));
    let part_path = dir.path().join(format!(".{}.part", key(&wish)));
    fs::write(&part_path, vec![b'y'; 150_000]).unwrap();
    assert_eq!(files.earlier(&wish, &wish.url).unwrap().len(), 100_000);
    fs::write(&part_path, "short").unwrap();
    assert!(files.earlier(&wish, &wish.url).is_none());
    // A new part does not have the note of an old one.
    drop(begun(None, &body));
    assert_eq!(all(dir.path()).len(), 1);
}

#[test]
fn two_that_are_at_the_same_body_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (files(dir.path(), None, SaveBy::Url), files(dir.path(), None, SaveBy::Url));
    let wish = wish("https://h/a.txt");
    let mut first = one.begin(&wish, note(&wish)).unwrap();
    let mut second = two.begin(&wish, note(&wish)).unwrap();
    assert!(second.note().is_none());
    first.write(&[Bytes::from("first")]).unwrap();
    second.write(&[Bytes::from("second")]).unwrap();
    let path = two.keep(second, &wish, NO_TYPE).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "second");
    one.keep(first, &wish, NO_TYPE).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap(), all(dir.path()).len()), ("first".into(), 1));
}

#[test]
fn a_name_of_any_kind_can_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path(), None, SaveBy::Url);
    let long = "x".repeat(300);
    let deep = "d/".repeat(500);
    let rests =
        ["..%2f..%2fetc/passwd", "%00", "con", "a/", "a", "a/b", "a.txt", "a.txt/b", "?x=/../y", "-rf", &long, &deep];
    for rest in rests {
        let wish = wish(&format!("http://[::1]:8080/{rest}"));
        let path = save(&files, &wish, rest).unwrap();
        assert!(path.starts_with(dir.path().join("[--1]+8080")), "{path:?}");
        assert_eq!(fs::read_to_string(path).unwrap(), rest);
    }
    assert_eq!(all(dir.path()).len(), rests.len());
}
