//! What a body says: title, links, selectors, over pages of our own and the toolchain's
//! documentation.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use fetchall::page::{self, Input, Want, select::Plan};

/// Pages of the documentation, evenly from all of it.
const PAGES: usize = 300;

/// Pages that are read in one go, by the name of their group.
type Corpus = (String, Vec<Input>);

/// The title only, and the title with all links.
pub fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page");
    for (name, pages) in corpora() {
        group.throughput(Throughput::Bytes(length(&pages)));
        for (what, links) in [("title", false), ("links", true)] {
            let want = Want { links, ..Want::default() };
            group.bench_with_input(BenchmarkId::new(what, &name), &pages, |bencher, pages| {
                bencher.iter(|| pages.iter().for_each(|input| drop(black_box(page::read(input, &want)))));
            });
        }
    }
    group.finish();
}

/// Three selectors: one match, an attribute, a list.
pub fn select(criterion: &mut Criterion) {
    let selectors = [("heading", "h1"), ("icon", "link[rel=icon]::attr(href)"), ("items[]", "li a")];
    let selectors = selectors.map(|(name, css)| (name.to_owned(), css.to_owned()));
    let plan = Arc::new(Plan::parse(&selectors).expect("good selectors"));
    let want = Want { plan: Some(plan), ..Want::default() };
    let mut group = criterion.benchmark_group("select");
    group.sample_size(10);
    for (name, pages) in corpora().into_iter().filter(|(name, _)| name == "article.html" || name == "documentation") {
        group.throughput(Throughput::Bytes(length(&pages)));
        group.bench_with_input(BenchmarkId::new("3 selectors", name), &pages, |bencher, pages| {
            bencher.iter(|| pages.iter().for_each(|input| drop(black_box(page::read(input, &want)))));
        });
    }
    group.finish();
}

fn length(pages: &[Input]) -> u64 {
    pages.iter().map(|input| input.body.len() as u64).sum()
}

/// Each page of `fixtures/pages` by itself, and a sample of the documentation where there is one.
fn corpora() -> Vec<Corpus> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pages");
    let mut corpora: Vec<Corpus> = html_files(own)
        .into_iter()
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), vec![input(&path)]))
        .collect();
    let documentation = documentation();
    let step = (documentation.len() / PAGES).max(1);
    let sample: Vec<Input> = documentation.iter().step_by(step).take(PAGES).map(|path| input(path)).collect();
    if !sample.is_empty() {
        corpora.push(("documentation".to_owned(), sample));
    }
    corpora
}

fn input(path: &Path) -> Input {
    Input {
        body: Bytes::from(fs::read(path).unwrap_or_default()),
        content_type: Some("text/html".to_owned()),
        url: Some("https://host.example/dir/page.html".parse::<url::Url>().expect("a URL").into()),
    }
}

fn documentation() -> Vec<PathBuf> {
    let Ok(output) = Command::new("rustc").args(["--print", "sysroot"]).output() else { return Vec::new() };
    html_files(Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("share/doc/rust/html"))
}

/// The pages of a folder and its folders, in the order of their names.
fn html_files(root: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, is_folder) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
            if is_folder {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}
