//! What comes with the program: schema, completions, manual pages.

use std::path::Path;

use anyhow::{Context as _, bail};
use fetchall::model::{finding, record, redact, units};

use crate::cli::{config, definition::definition, exit::Exit, terminal::print};

/// Names that `schema` takes.
const SCHEMAS: [&str; 4] = ["fetch", "page", "link", "config"];

/// Prints a JSON Schema.
pub fn schema(name: &str) -> anyhow::Result<Exit> {
    let schema = match name {
        "fetch" => record::schema(),
        "page" => record::page_schema(),
        "link" => finding::schema(),
        "config" => config::schema(&definition()),
        _ => {
            let near = units::nearest(name, SCHEMAS).map_or_else(
                || format!("; known are {}", SCHEMAS.join(", ")),
                |near| format!("; did you mean `{near}`?"),
            );
            bail!("unknown schema `{}`{near}", redact::word(name));
        }
    };
    Ok(print(&format!("{schema:#}\n")))
}

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), "fetchall", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, or writes one for each command into a folder.
pub fn man(dir: Option<&Path>) -> anyhow::Result<Exit> {
    if let Some(dir) = dir {
        let made = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(definition(), dir));
        made.with_context(|| format!("cannot write manual pages to {}", dir.display()))?;
        return Ok(Exit::OK);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(definition()).render(&mut page).context("cannot make the manual page")?;
    Ok(print(&String::from_utf8_lossy(&page)))
}
