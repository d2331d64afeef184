//! Names of files that a server would like to choose. Bodies are saved in `pages`, where nothing but
//! bodies under harmless names is to be found, and nothing anywhere else.

use std::{fs, os::unix::fs::symlink, path::Path};

use super::{Behaviour, Set, Step, Tale, behaviour::group, holds};

/// A page of that path, saved.
fn saved(name: &'static str, does: &'static str, path: &'static str) -> Behaviour {
    Behaviour::plain(name, does, |ask| Step::answer(200, "content-type: text/plain\r\n", &ask.path))
        .with(Set::Save)
        .at(path)
        .tells(one)
}

/// Further paths of the same run; so many files in the end.
fn beside(it: Behaviour, flags: &'static [&'static str]) -> Behaviour {
    it.flags(flags).tells(|tale| each_of_its_own(tale, 2))
}

fn one(tale: &Tale) -> Result<(), String> {
    each_of_its_own(tale, 1)
}

/// Every record has a file of its own below the folder of its host, with a name that no system minds.
fn each_of_its_own(tale: &Tale, count: usize) -> Result<(), String> {
    let files = tale.files();
    holds(tale.outside().is_empty(), || format!("outside of the folder: {:?}", tale.outside()))?;
    holds(files.len() == count && tale.records.len() == count, || format!("files {files:?}"))?;
    let folder = format!("pages/{}/", tale.origin.trim_start_matches("http://").replace(':', "+"));
    for record in &tale.records {
        let path = record["saved"]["path"].as_str().unwrap_or_default();
        holds(files.iter().any(|file| file == path), || format!("{path:?} is not there, but {files:?}"))?;
        let asked = record["url"].as_str().and_then(|url| url.strip_prefix(&tale.origin)).unwrap_or_default();
        let body = fs::read(tale.dir.join(path)).unwrap_or_default();
        holds(body == asked.as_bytes(), || format!("{path:?} has the body of another"))?;
        let harmless = path.strip_prefix(&folder).is_some_and(|path| path.split('/').all(is_harmless));
        holds(harmless, || format!("{path:?} is a name that harms"))?;
    }
    Ok(())
}

/// A part of a path that means nothing to a shell, a terminal, Windows or a file system.
fn is_harmless(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_device = ["con", "prn", "aux", "nul", "com1", "lpt1", "conin$", "conout$"].contains(&&*stem);
    let is_plain = part.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\:*?\"<>|`$;&'".contains(&byte));
    is_plain && !is_device && !part.starts_with(['.', '-', '~']) && !part.ends_with(['.', ' ']) && part.len() <= 255
}

pub fn all() -> Vec<Behaviour> {
    group("File names", [paths(), collisions(), said(), planted(), elsewhere()].into_iter().flatten().collect())
}

fn paths() -> Vec<Behaviour> {
    let long: &'static str = Box::leak(format!("/{}.txt", "x".repeat(296)).into());
    let deep: &'static str = Box::leak(format!("/{}x", "d/".repeat(1000)).into());
    vec![
        saved(
            "name-that-climbs",
            "has a path that climbs out, its slashes and dots encoded",
            "/..%2f..%2f%2e%2e%2fetc%2fpasswd",
        ),
        saved("name-with-backslashes", "has a path that climbs out on Windows", "/..%5c..%5cwindows%5cwin.ini"),
        saved("name-absolute", "has a path that would be absolute", "/%2fetc%2fpasswd"),
        saved("name-with-a-drive", "has a path on another drive, and a stream", "/C:%5cx.txt::$DATA"),
        saved("name-with-nul", "has NUL in its path", "/a%00.txt"),
        saved("name-with-line-ends", "has line ends and escapes in its path", "/a%0d%0ab%1b%5b31m%07"),
        saved("name-of-300", "has a name of 300 characters", long),
        saved("name-of-dots", "has names of dots and blanks", "/%2e%2e%2e/.%20/...%20"),
        saved("name-with-an-end-that-is-cut", "has a name that ends in a dot and a blank", "/a.txt.%20"),
        saved("name-hidden", "has names of hidden files that programs obey", "/.git/.htaccess"),
        saved("name-as-an-option", "has a name that programs would take for an option", "/-rf%20~"),
        saved("name-right-to-left", "has controls in its name that turn it around", "/%E2%80%AEcod.exe%E2%81%A6"),
        saved("name-of-a-shell", "has a name that a shell would run", "/$(id)%60id%60;id%7Cid&%22'"),
        saved("name-in-the-query", "has slashes and dots in its query", "/x?file=../../../etc/passwd%00"),
        saved("name-of-1000-folders", "has a path of 1,000 folders", deep),
    ]
}

fn collisions() -> Vec<Behaviour> {
    vec![
        beside(
            saved("names-that-differ-in-case", "has two pages whose names differ in case only", "/Page.txt"),
            &["{origin}/page.txt"],
        ),
        beside(saved("names-of-file-and-folder", "has a page, and another below it", "/a"), &["{origin}/a/b"]),
        beside(
            saved("names-of-page-and-index", "has a folder, and a page of the name that its file would have", "/f/"),
            &["{origin}/f/index.txt"],
        ),
        beside(
            saved("names-in-two-normal-forms", "has one name in two normal forms of Unicode", "/%C3%A9"),
            &["{origin}/e%CC%81"],
        ),
        beside(
            saved("names-in-two-escapes", "has names whose escapes look alike when they are undone", "/a%2Fb"),
            &["{origin}/a/b"],
        ),
        beside(saved("names-of-devices", "has pages called as devices are", "/con"), &["{origin}/AUX.txt"]),
        beside(
            saved("names-of-parts", "has a page called as an unfinished file is", "/a.txt"),
            &["{origin}/a.txt.part"],
        ),
    ]
}

fn said() -> Vec<Behaviour> {
    let says = |name, does, fields: &'static str| {
        Behaviour::plain(name, does, move |ask| Step::answer(200, fields, &ask.path))
            .with(Set::Save)
            .at("/get.txt")
            .tells(|tale| {
                let evil = tale.files().iter().any(|file| file.contains("evil"));
                holds(!evil, || format!("the server named {:?}", tale.files()))?;
                one(tale)
            })
    };
    vec![
        says(
            "disposition-that-climbs",
            "asks for a name that climbs out",
            "content-disposition: attachment; filename=\"../../evil.sh\"\r\n",
        ),
        says(
            "disposition-absolute",
            "asks for an absolute name, encoded",
            "content-disposition: attachment; filename*=UTF-8''%2Fetc%2Fcron.d%2Fevil; filename=evil\r\n",
        ),
        says(
            "disposition-twice",
            "asks for two names at once",
            "content-disposition: attachment; filename=evil.exe; filename=\"evil\\\"\\..\\evil\"\r\ncontent-disposition: inline; filename=evil2\r\n",
        ),
        says("type-that-climbs", "has a type that would climb out as an ending", "content-type: text/../../evil\r\n"),
        Behaviour::plain("redirect-to-a-name", "redirects to a path that climbs out", |ask| match ask.path.as_str() {
            "/get.txt" => Step::answer(302, "location: /..%2f..%2fevil.sh\r\n", ""),
            _ => Step::answer(200, "content-type: text/plain\r\n", "/get.txt"),
        })
        .with(Set::Save)
        .at("/get.txt")
        .tells(one),
    ]
}

/// The folder of the host, as it will be called.
fn host(dir: &Path, origin: &str) -> std::path::PathBuf {
    dir.join("pages").join(origin.trim_start_matches("http://").replace(':', "+"))
}

fn planted() -> Vec<Behaviour> {
    let mine = |tale: &Tale| {
        let kept = fs::read_to_string(tale.dir.join("mine/a.txt")).unwrap_or_default();
        holds(kept == "mine", || format!("the file behind the link says {kept:?}"))?;
        let behind: Vec<_> = tale.files().into_iter().filter(|file| file.starts_with("mine/")).collect();
        holds(behind == ["mine/a.txt"], || format!("behind the link: {behind:?}"))
    };
    vec![
        saved("planted-link-for-a-file", "finds a link where its file is to be", "/a.txt")
            .before(|dir, origin| {
                fs::create_dir(dir.join("mine"))?;
                fs::write(dir.join("mine/a.txt"), "mine")?;
                fs::create_dir_all(host(dir, origin))?;
                symlink(dir.join("mine/a.txt"), host(dir, origin).join("a.txt"))
            })
            .tells(mine),
        saved("planted-link-that-dangles", "finds a link to a file that is not there yet", "/a.txt")
            .before(|dir, origin| {
                fs::create_dir(dir.join("mine"))?;
                fs::write(dir.join("mine/a.txt"), "mine")?;
                fs::create_dir_all(host(dir, origin))?;
                symlink(dir.join("mine/new.txt"), host(dir, origin).join("a.txt"))
            })
            .tells(mine),
        saved("planted-link-for-a-folder", "finds a link where a folder is to be", "/d/a.txt")
            .fails(&["io.write"])
            .before(|dir, origin| {
                fs::create_dir(dir.join("mine"))?;
                fs::write(dir.join("mine/a.txt"), "mine")?;
                fs::create_dir_all(host(dir, origin))?;
                symlink(dir.join("mine"), host(dir, origin).join("d"))
            })
            .tells(mine),
        saved("planted-link-for-the-host", "finds a link where the folder of its host is to be", "/a.txt")
            .fails(&["io.write"])
            .before(|dir, origin| {
                fs::create_dir(dir.join("mine"))?;
                fs::write(dir.join("mine/a.txt"), "mine")?;
                fs::create_dir_all(dir.join("pages"))?;
                symlink(dir.join("mine"), host(dir, origin))
            })
            .tells(mine),
        saved("planted-folder-for-a-file", "finds a folder where its file is to be", "/a.txt")
            .fails(&["io.write"])
            .before(|dir, origin| fs::create_dir_all(host(dir, origin).join("a.txt")))
            .tells(|tale| holds(tale.outside().is_empty(), || format!("{:?}", tale.outside()))),
    ]
}

fn elsewhere() -> Vec<Behaviour> {
    let path = "/..%2f..%2fevil%0d%0aWARC-Type:%20evil";
    vec![
        saved("name-in-an-archive", "has a path with line ends, which goes into an archive", path)
            .with(Set::Fetch)
            .flags(&["--warc=kept.warc"])
            .tells(|tale| {
                let archive = fs::read(tale.dir.join("kept.warc")).unwrap_or_default();
                let evil = archive.windows(16).any(|line| line.eq_ignore_ascii_case(b"\r\nWARC-Type: evi"));
                holds(!archive.is_empty() && !evil, || "a field was smuggled into the archive".to_owned())?;
                let all_here = tale.outside().is_empty() && tale.files().iter().all(|file| !file.contains('/'));
                holds(all_here, || format!("files {:?}", tale.files()))
            }),
        saved("name-in-a-cache", "has a path that climbs out, which goes into a cache", path)
            .with(Set::Fetch)
            .flags(&["--cache=kept"])
            .tells(|tale| {
                let inside = tale.files().iter().all(|file| file.starts_with("kept/") && !file.contains("evil"));
                holds(inside && tale.outside().is_empty(), || format!("files {:?}", tale.files()))
            }),
        saved("name-by-a-template", "has a path that climbs out, which a template is filled with", path)
            .flags(&["--save-name={host}/{name}{ext}"])
            .tells(|tale| {
                let inside =
                    tale.files().iter().all(|file| file.starts_with("pages/") && file.split('/').all(is_harmless));
                holds(inside && tale.outside().is_empty(), || format!("files {:?}", tale.files()))
            }),
    ]
}
