//! Truth tables of what each deployment serves.

use super::*;

/// Files without a disk. With `Folded` it answers to any case, as some systems do.
struct Fake<'a> {
    files: &'a [&'a str],
    case: Case,
}

#[derive(PartialEq)]
enum Case {
    Exact,
    Folded,
}

impl Tree for Fake<'_> {
    fn kind(&self, path: &str) -> Option<FileKind> {
        let same = |a: &str, b: &str| if self.case == Case::Folded { a.eq_ignore_ascii_case(b) } else { a == b };
        let inside = |file: &&&str| {
            path.is_empty()
                || file.get(..path.len()).is_some_and(|start| same(start, path)) && file[path.len()..].starts_with('/')
        };
        if self.files.iter().any(|file| same(file, path)) {
            return Some(FileKind::File);
        }
        self.files.iter().find(inside).map(|_| FileKind::Dir)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let rest = |file: &&str| match folder {
            "" => Some((*file).to_owned()),
            _ => file.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned),
        };
        let mut names: Vec<String> =
            self.files.iter().filter_map(rest).filter_map(|rest| Some(rest.split('/').next()?.to_owned())).collect();
        names.sort();
        names.dedup();
        names
    }
}

const FILES: &[&str] = &[
    "index.html",
    "both.html",
    "both/index.html",
    "page.html",
    "dir/index.html",
    "bare/file.txt",
    "source.md",
    "section/index.md",
    "section/README.md",
    "guide/README.md",
    "hugo/_index.md",
    "old.htm",
    "comp.mdx",
    "static/img.png",
    "content/post.md",
    "content/leaf/index.md",
    "01-intro.md",
    "02-part/03-deep.md",
    "Upper.md",
    "Upper.html",
    "Folder/File.html",
];

fn ask(preset: Preset, written: &str) -> String {
    ask_of(preset, written, &Fake { files: FILES, case: Case::Exact }, Redirections::default())
}

fn ask_of(preset: Preset, written: &str, tree: &Fake<'_>, redirections: Redirections) -> String {
    let deployed = Deployed { preset, root: String::new(), redirections };
    let form = if written.ends_with('/') { Form::Folder } else { Form::Leaf };
    let way = if written.starts_with('/') { Way::Address } else { Way::Path };
    match locate(&Asked { path: &paths::clean(written.trim_start_matches('/')), form, way }, &deployed, tree) {
        Located::Found(path) => path,
        Located::Folder(path) => format!("folder {path}"),
        Located::Elsewhere { to, status } => format!("{status} {to}"),
        Located::Case { path, link } => format!("case {link} ({path})"),
        Located::NoIndex(path) => format!("no index {path}"),
        Located::Missing { nearest } => format!("missing {}", nearest.unwrap_or_default()),
    }
}

/// What each preset answers; `-` is missing (whatever is near).
#[test]
fn what_each_preset_serves() {
    use Preset::{Docusaurus, GithubPages, Hugo, Mkdocs, Netlify, Nginx, Plain};
    let columns = [Plain, GithubPages, Netlify, Nginx, Mkdocs, Docusaurus, Hugo];
    #[rustfmt::skip]
    let table: &[(&str, [&str; 7])] = &[
        ("/",            ["index.html", "index.html", "index.html", "index.html", "index.html", "index.html", "index.html"]),
        ("/page.html",   ["page.html", "page.html", "page.html", "page.html", "page.html", "page.html", "page.html"]),
        ("/page",        ["-", "page.html", "page.html", "-", "-", "page.html", "-"]),
        ("/page/",       ["-", "-", "page.html", "-", "-", "page.html", "-"]),
        ("/page.html/",  ["-", "-", "-", "-", "-", "-", "-"]),
        ("/both",        ["both/index.html", "both.html", "both.html", "both/index.html", "both/index.html", "both.html", "both/index.html"]),
        ("/both/",       ["both/index.html", "both/index.html", "both/index.html", "both/index.html", "both/index.html", "both/index.html", "both/index.html"]),
        ("/dir",         ["dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html"]),
        ("/dir/",        ["dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html", "dir/index.html"]),
        ("/bare",        ["folder bare", "no index bare", "no index bare", "no index bare", "no index bare", "no index bare", "no index bare"]),
        ("/bare/",       ["folder bare", "no index bare", "no index bare", "no index bare", "no index bare", "no index bare", "no index bare"]),
        ("/source.md",   ["source.md", "source.md", "source.md", "source.md", "source.md", "source.md", "source.md"]),
        ("/source",      ["-", "source.md", "-", "-", "source.md", "source.md", "source.md"]),
        ("/source/",     ["-", "-", "-", "-", "source.md", "source.md", "source.md"]),
        ("/source.html", ["-", "source.md", "-", "-", "-", "-", "-"]),
        ("/section/",    ["section/README.md", "section/index.md", "no index section", "no index section", "section/index.md", "section/index.md", "section/index.md"]),
        ("/guide/",      ["guide/README.md", "guide/README.md", "no index guide", "no index guide", "guide/README.md", "guide/README.md", "no index guide"]),
        ("/hugo/",       ["folder hugo", "no index hugo", "no index hugo", "no index hugo", "no index hugo", "no index hugo", "hugo/_index.md"]),
        ("/old",         ["-", "-", "old.htm", "-", "-", "-", "-"]),
        ("/comp",        ["-", "-", "-", "-", "-", "comp.mdx", "-"]),
        ("/comp.mdx",    ["comp.mdx", "comp.mdx", "comp.mdx", "comp.mdx", "comp.mdx", "comp.mdx", "comp.mdx"]),
        ("/img.png",     ["-", "-", "-", "-", "-", "static/img.png", "static/img.png"]),
        ("/post/",       ["-", "-", "-", "-", "-", "-", "content/post.md"]),
        ("/leaf/",       ["-", "-", "-", "-", "-", "-", "content/leaf/index.md"]),
        ("/intro",       ["-", "-", "-", "-", "-", "01-intro.md", "-"]),
        ("/part/deep",   ["-", "-", "-", "-", "-", "02-part/03-deep.md", "-"]),
    ];
    for (written, expected) in table {
        for (preset, expected) in columns.iter().zip(expected) {
            let found = ask(*preset, written);
            let shown = if found.starts_with("missing") { "-" } else { &found };
            assert_eq!(shown, *expected, "{written} under {}", preset.name());
        }
    }
}

/// Sources of a site: `static/` and `content/` are no part of its addresses.
const PROJECT: &[&str] = &[
    "docs/a.md",
    "static/img/Logo.png",
    "static/file.pdf",
    "static/Folder/x.png",
    "content/posts/first.md",
    "content/Upper/_index.md",
    "contents.md",
    "src/pages/page.mdx",
    "style/main.scss",
];

#[test]
fn folders_whose_files_appear_at_the_root_have_no_address_of_their_own() {
    use Preset::{Docusaurus, Hugo, Plain};
    for case in [Case::Exact, Case::Folded] {
        let tree = Fake { files: PROJECT, case };
        for (preset, written, expected) in [
            (Docusaurus, "/img/Logo.png", "static/img/Logo.png"),
            (Docusaurus, "/img/logo.png", "case img/Logo.png (static/img/Logo.png)"),
            (Docusaurus, "img/logo.png", "case img/Logo.png (static/img/Logo.png)"),
            (Docusaurus, "static/img/logo.png", "case static/img/Logo.png (static/img/Logo.png)"),
            (Docusaurus, "static/img/Logo.png", "static/img/Logo.png"),
            (Docusaurus, "/static/img/Logo.png", "missing img/Logo.png"),
            (Docusaurus, "/static/", "missing "),
            (Docusaurus, "/img/Loggo.png", "missing img/Logo.png"),
            (Docusaurus, "/statik", "missing "),
            (Docusaurus, "/page", "src/pages/page.mdx"),
            (Docusaurus, "/src/pages/page", "missing page"),
            (Docusaurus, "/content/posts/first", "content/posts/first.md"),
            (Hugo, "/posts/first/", "content/posts/first.md"),
            (Hugo, "/Posts/first/", "case posts/first (content/posts/first.md)"),
            (Hugo, "/upper/", "case Upper (content/Upper/_index.md)"),
            (Hugo, "/content/posts/first/", "missing posts/first"),
            (Hugo, "/static/file.pdf", "missing file.pdf"),
            (Hugo, "content/posts/first.md", "content/posts/first.md"),
            (Hugo, "/posts/fisrt/", "missing posts/first"),
            (Hugo, "/contents", "contents.md"),
            (Preset::GithubPages, "/style/main.css", "style/main.scss"),
            (Plain, "/static/file.pdf", "static/file.pdf"),
        ] {
            let found = ask_of(preset, written, &tree, Redirections::default());
            assert_eq!(found, expected, "{written} under {}", preset.name());
        }
    }
    let built = Fake { files: &["index.html", "static/x.png"], case: Case::Exact };
    assert_eq!(ask_of(Hugo, "/static/x.png", &built, Redirections::default()), "static/x.png");
}

#[test]
fn a_name_in_another_case_is_found_with_its_right_spelling() {
    for case in [Case::Exact, Case::Folded] {
        let tree = Fake { files: FILES, case };
        for (preset, written, expected) in [
            (Preset::Plain, "/PAGE.html", "case page.html (page.html)"),
            (Preset::Plain, "/folder/file.html", "case Folder/File.html (Folder/File.html)"),
            (Preset::Plain, "/DIR/", "case dir (dir/index.html)"),
            (Preset::Plain, "/BARE", "case bare (bare)"),
            (Preset::Mkdocs, "/upper/", "case Upper (Upper.md)"),
            (Preset::GithubPages, "/SOURCE.html", "case source.html (source.md)"),
            (Preset::Netlify, "/upper", "case Upper (Upper.html)"),
            (Preset::Plain, "/Upper.md", "Upper.md"),
        ] {
            assert_eq!(ask_of(preset, written, &tree, Redirections::default()), expected, "{written}");
        }
    }
}

#[test]
fn what_is_missing_is_told_with_what_is_near() {
    for (preset, written, expected) in [
        (Preset::Plain, "/pages.html", "missing page.html"),
        (Preset::Plain, "/Foldre/File.html", "missing Folder/File.html"),
        (Preset::Plain, "/Foldre/nothing.html", "missing "),
        (Preset::Plain, "/Folder/Fille.html", "missing Folder/File.html"),
        (Preset::Plain, "/quite-another-thing", "missing "),
        (Preset::Mkdocs, "/sorce/", "missing source"),
        (Preset::Plain, "/page.html/x", "missing "),
        (Preset::Plain, "/dir/inbex.html", "missing dir/index.html"),
        (Preset::Plain, "/bare/life.txt", "missing "),
    ] {
        assert_eq!(ask(preset, written), expected, "{written}");
    }
}

#[test]
fn redirect_rules_count_where_the_deployment_has_them() {
    let text = "/page /nothing 301\n/home/x /page\n/moved /dir 301\n/out https://example.com/ 302\n/one /two\n/two /one\n\
        /gone /404 404\n/fn /.netlify/functions/x 200\n/dir/* /page.html 200!\n/lost /nowhere\n/self /self 200\n/spa/* /index.html 200\n";
    let tree = Fake { files: FILES, case: Case::Exact };
    for (written, netlify, plain) in [
        ("/page", "page.html", "missing page.html"),
        ("/moved", "page.html", "missing "),
        ("/home/x", "page.html", "missing "),
        ("/out", "302 https://example.com/", "missing "),
        ("/one", "missing ", "missing "),
        ("/gone", "missing ", "missing "),
        ("/fn", "200 /.netlify/functions/x", "missing "),
        ("/dir/index.html", "page.html", "dir/index.html"),
        ("/lost", "missing ", "missing "),
        ("/self", "missing ", "missing "),
        ("/spa/a/b", "index.html", "missing "),
    ] {
        let rules = || Redirections::parse(text).0;
        assert_eq!(ask_of(Preset::Netlify, written, &tree, rules()), netlify, "{written}");
        let found = ask_of(Preset::Plain, written, &tree, rules());
        assert_eq!(found.trim_end_matches("page.html"), plain.trim_end_matches("page.html"), "{written}");
    }
}

proptest::proptest! {
    #[test]
    fn any_path_is_answered(path in "[a-cA-C./ü]{0,12}", root in "[a-c/.]{0,4}", which in 0..7usize) {
        let tree = Fake { files: &["a/b.html", "A/c.md", "b", "c/index.html", "ü/a"], case: Case::Exact };
        let deployed = Deployed { preset: Preset::ALL[which], root: paths::clean(&root), ..Deployed::default() };
        for (form, way) in [(Form::Leaf, Way::Path), (Form::Folder, Way::Path), (Form::Leaf, Way::Address)] {
            locate(&Asked { path: &paths::clean(&path), form, way }, &deployed, &tree);
        }
    }
}
