//! Where links lead: roots, presets, wikis.

use fetchall::{check::preset::Preset, checker::Start};

use super::*;

fn served(root: &Path, preset: Preset) -> CheckPlan {
    let mut plan = plan(root);
    plan.place.preset = preset;
    plan
}

#[tokio::test]
async fn a_folder_of_a_repository_may_link_to_what_stands_above_it() {
    let dir = folder(&[("README.md", "# Top"), ("docs/a.md", "[x](../README.md#top) [y](..) [z](../gone.md)")]);
    let docs = dir.path().join("docs");
    assert_eq!(check(plan(&docs)).await.told(), ["missing_file ../gone.md"]);
    let site = check(served(&docs, Preset::Nginx)).await;
    assert_eq!(site.told(), ["missing_file ..", "missing_file ../README.md#top", "missing_file ../gone.md"]);
    let messages: Vec<String> = site.found.iter().map(|one| one.message()).collect();
    assert!(messages.iter().any(|one| one.contains("`..` lies above the root of the site")), "{messages:?}");
    let mut told = plan(&docs);
    told.place.root_dir = Some(docs);
    assert_eq!(check(told).await.told().len(), 3);
}

#[tokio::test]
async fn a_link_from_the_root_of_a_repository_is_looked_up_there() {
    let dir =
        folder(&[(".git/HEAD", ""), ("img/x.png", ""), ("docs/a.md", "![x](/img/x.png) [a](/docs/a.md) [n](/no.md)")]);
    let file = check(plan(&dir.path().join("docs/a.md"))).await;
    assert_eq!(file.told(), ["missing_file /no.md"]);
    let mut both = plan(&dir.path().join("docs"));
    both.starts.push(Start::Path(dir.path().join("img")));
    assert_eq!(check(both).await.told(), ["missing_file /no.md"]);
}

#[tokio::test]
async fn the_folders_of_a_project_are_no_part_of_its_addresses() {
    let dir = folder(&[
        (
            "docs/a.md",
            "![x](/img/Logo.png) ![y](/img/logo.png) ![z](/static/img/Logo.png) ![r](../static/img/Logo.png)",
        ),
        ("static/img/Logo.png", ""),
    ]);
    let expected = ["case /img/logo.png = /img/Logo.png", "missing_file /static/img/Logo.png = /img/Logo.png"];
    assert_eq!(check(served(dir.path(), Preset::Docusaurus)).await.told(), expected);
}

#[tokio::test]
async fn a_link_of_a_wiki_leads_to_a_document_of_that_name() {
    let dir = folder(&[
        (
            "a.md",
            "[[b]] [[B|alias]] [[b#The Head]] [[#own part]] [[Deep Page]] [[b#^id]] [x](b)\n\n\
             [[nowhere]] [[b#no]] [[deep/b]]\n\n# Own part\n",
        ),
        ("b.md", "# The head!"),
        ("deep/deep-page.md", "[[a]] [[../b]]"),
    ]);
    let expected = ["missing_anchor b#no", "missing_file b", "missing_file deep/b", "missing_file nowhere"];
    assert_eq!(check(plan(dir.path())).await.told(), expected);
    let alone = check(plan(&dir.path().join("deep/deep-page.md"))).await;
    assert_eq!(alone.told(), ["missing_file a"], "of one file nothing is known but what stands beside it");
}

#[tokio::test]
async fn front_matter_and_the_folder_of_the_project_decide_where_a_source_is_served() {
    let dir = folder(&[
        ("docusaurus.config.ts", ""),
        (
            "docs/a.md",
            "[s](/docs/hello) [d](/blog/2024/01/02/dated) [p](/page) ![i](@site/static/x.png) [n](/docs/no) [g](@site/no.md)",
        ),
        ("docs/b.md", "---\nslug: /hello\n---\n"),
        ("blog/2024-01-02-dated.md", ""),
        ("src/pages/page.mdx", ""),
        ("static/x.png", ""),
    ]);
    // What stands before an `@` is never shown: it may be a name and a password.
    let expected = ["missing_file /docs/no", "missing_file @site/no.md"];
    assert_eq!(check(served(dir.path(), Preset::Docusaurus)).await.told(), expected);
}

#[tokio::test]
async fn a_project_of_mkdocs_is_read_as_python_markdown() {
    let dir = folder(&[
        ("mkdocs.yml", "site_name: x"),
        (
            "docs/index.md",
            "[a](/guide/a/) [b](guide/a.md#groe) [c](guide/a.md#größe)\n\n!!! note\n\n    [d](gone.md)\n",
        ),
        ("docs/guide/a.md", "# Größe"),
    ]);
    let expected = ["missing_anchor guide/a.md#größe", "missing_file gone.md"];
    assert_eq!(check(served(dir.path(), Preset::Mkdocs)).await.told(), expected);
}
