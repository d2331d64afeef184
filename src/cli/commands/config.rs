//! `fetchall config`: what counts and where it comes from, and a file to begin with.

use std::{io::Write as _, path::Path};

use anyhow::{Context as _, bail};
use fetchall::model::{redact, units::nearest};

use crate::cli::{
    config::{self, COMMANDS, Config},
    definition::{ConfigCommand, definition},
    exit::Exit,
    flags::ConfigFlags,
    terminal::print,
};

/// Runs `config show` or `config init`.
///
/// # Errors
/// A file cannot be used, or is there already.
pub fn run(what: &ConfigCommand) -> anyhow::Result<Exit> {
    match what {
        ConfigCommand::Show { command, files } => show(command, files),
        ConfigCommand::Init { file } => init(file),
    }
}

fn show(name: &str, files: &ConfigFlags) -> anyhow::Result<Exit> {
    let definition = definition();
    let Some(command) = definition.find_subcommand(name).filter(|_| COMMANDS.contains(&name)) else {
        let near = nearest(name, COMMANDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let name = redact::word(name);
        bail!("`{name}` reads no settings; {} do{near}", COMMANDS.join(", "));
    };
    let config = match files.no_config {
        true => None,
        false => Config::load(&definition, files.config.as_deref())?,
    };
    let settings = config.as_ref().map(|config| config.of(command)).unwrap_or_default();
    let read: Vec<&str> = config.iter().flat_map(Config::files).collect();
    let read = if read.is_empty() { "no file was read".to_owned() } else { format!("read: {}", read.join(", ")) };
    Ok(print(&format!("# fetchall {name}; {read}\n{}", config::show(command, &settings))))
}

fn init(file: &Path) -> anyhow::Result<Exit> {
    let text = config::init(&definition());
    if file == Path::new("-") {
        return Ok(print(&text));
    }
    let name = file.display();
    let mut out = match std::fs::File::create_new(file) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => bail!("{name} is there already"),
        other => other.with_context(|| format!("cannot write {name}"))?,
    };
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.sync_all()) {
        // Half of it would be read as all of it, and the next try would be refused.
        drop(std::fs::remove_file(file));
        bail!("cannot write {name}: {error}");
    }
    Ok(print(&format!("{name}\n")))
}
