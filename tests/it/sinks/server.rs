//! Database servers of our own: on a free port of loopback, with their data in a scratch folder.
//!
//! They run as the user that their package has, since they refuse to run as root, and without syncing to
//! the disk. Where a server is not installed there is none, and its tests say so.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::Signal;

/// The password of the user that records are written as; nothing may ever show it.
pub const PASSWORD: &str = "S3cr3tC4nary";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Mariadb,
}

/// A server; stopped when it is dropped.
pub struct Server {
    kind: Kind,
    dir: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// The program, on the path or where Debian has it.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.push("/usr/sbin".into());
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    dirs.extend(versions.map(|version| version.path().join("bin")));
    dirs.into_iter().map(|dir| dir.join(name)).find(|program| program.is_file())
}

fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

impl Server {
    /// A server with the database `records` of the user `fetcher`; `None` if it is not installed.
    pub fn start(kind: Kind) -> Option<Server> {
        let needed: &[&str] = match kind {
            Kind::Postgres => &["initdb", "postgres", "psql"],
            Kind::Mariadb => &["mariadb-install-db", "mariadbd", "mariadb"],
        };
        if let Some(missing) = needed.iter().find(|name| found(name).is_none()) {
            eprintln!("skipped: {missing} is not installed (tests/run.sh does it)");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Server { kind, dir, port, process: None };
        server.install();
        server.up();
        match kind {
            Kind::Postgres => {
                server.admin(&format!("CREATE ROLE fetcher LOGIN PASSWORD '{PASSWORD}'"));
                server.admin("CREATE DATABASE records OWNER fetcher");
            }
            Kind::Mariadb => server.admin(&format!(
                "CREATE DATABASE records; CREATE USER fetcher IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON records.* TO fetcher"
            )),
        }
        Some(server)
    }

    fn data(&self) -> String {
        self.dir.path().join("own/data").to_str().unwrap().to_owned()
    }

    /// A command as a user who may not do everything.
    fn as_owner(&self, program: &str) -> Command {
        let program = found(program).unwrap();
        let user = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        let mut command = match is_root() {
            true => Command::new("setpriv"),
            false => Command::new(&program),
        };
        if is_root() {
            let own = self.dir.path().join("own");
            output(Command::new("chown").arg("-R").arg(format!("{user}:")).arg(own));
            command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]).arg(program);
        }
        command.current_dir(self.dir.path());
        command
    }

    fn install(&self) {
        fs::create_dir(self.dir.path().join("own")).unwrap();
        let data = self.data();
        let mut command = match self.kind {
            Kind::Postgres => {
                let secret = self.dir.path().join("own/secret");
                fs::write(&secret, PASSWORD).unwrap();
                let mut command = self.as_owner("initdb");
                command.args(["-D", &data, "-U", "admin", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]);
                command.args(["--locale=C", "--pwfile"]).arg(secret);
                command
            }
            Kind::Mariadb => {
                let mut command = self.as_owner("mariadb-install-db");
                command.args(["--no-defaults", &format!("--datadir={data}"), "--skip-test-db"]);
                command.arg("--auth-root-authentication-method=normal");
                command
            }
        };
        output(&mut command);
    }

    /// Lets it run, again on the same port, and waits until it answers.
    pub fn up(&mut self) {
        let (data, port) = (self.data(), self.port.to_string());
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = self.as_owner("postgres");
                command.args(["-D", &data, "-p", &port, "-h", "127.0.0.1", "-c", "unix_socket_directories="]);
                command.args(["-c", "fsync=off"]);
                command
            }
            Kind::Mariadb => {
                let mut command = self.as_owner("mariadbd");
                command.arg("--no-defaults").arg(format!("--datadir={data}")).arg(format!("--port={port}"));
                command.args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"]);
                command.args(["--socket=sock", "--pid-file=pid"]);
                command
            }
        };
        let log = fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(30);
        while !self.client("SELECT 1", true).output().unwrap().status.success() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "the server does not answer:\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends it, in good order, and waits for that.
    pub fn down(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // PostgreSQL's fast shutdown is SIGINT; SIGTERM would wait for us.
        let signal = if self.kind == Kind::Postgres { Signal::INT } else { Signal::TERM };
        let pid = i32::try_from(process.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        process.wait().unwrap();
    }

    /// Its address, for `--sink`.
    pub fn url(&self) -> String {
        let scheme = if self.kind == Kind::Postgres { "postgres" } else { "mariadb" };
        format!("{scheme}://fetcher:{PASSWORD}@127.0.0.1:{}/records", self.port)
    }

    /// The address as it may be shown.
    pub fn shown(&self) -> String {
        self.url().replace(&format!("fetcher:{PASSWORD}@"), "")
    }

    fn client(&self, sql: &str, as_admin: bool) -> Command {
        let port = self.port.to_string();
        let mut command = Command::new(found(if self.kind == Kind::Postgres { "psql" } else { "mariadb" }).unwrap());
        match self.kind {
            Kind::Postgres => {
                let (user, database) = if as_admin { ("admin", "postgres") } else { ("fetcher", "records") };
                command.env("PGPASSWORD", PASSWORD).args(["-h", "127.0.0.1", "-p", &port, "-U", user, "-d", database]);
                command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
            }
            Kind::Mariadb => {
                let user = if as_admin { "root" } else { "fetcher" };
                command.args([
                    "--no-defaults",
                    "-h",
                    "127.0.0.1",
                    "-P",
                    &port,
                    "-u",
                    user,
                    "-N",
                    "-B",
                    "--raw",
                    "-e",
                    sql,
                ]);
                if !as_admin {
                    command.env("MYSQL_PWD", PASSWORD).arg("records");
                }
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// Does something as the owner of the server.
    pub fn admin(&self, sql: &str) {
        output(&mut self.client(sql, true));
    }

    /// Asks as the user that records are written as; a line each.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        output(&mut self.client(sql, false)).lines().map(str::to_owned).collect()
    }

    /// The folder, for a look at what is in its files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}
