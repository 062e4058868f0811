//! Databases to test on: a file, and a PostgreSQL of Debian's package that lives as long as its test.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]
#![allow(unreachable_pub, reason = "what a test file uses is public to it")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use pratique_store::Store;
use sqlx::{Connection, PgConnection, SqliteConnection};

/// An empty database.
pub struct Place {
    pub store: Store,
    pub address: Address,
}

#[derive(Clone)]
pub enum Address {
    File(PathBuf),
    Url(String),
}

impl Place {
    pub async fn open(address: Address) -> Self {
        let store = address.open().await.unwrap();
        Self { store, address }
    }

    /// Runs what no function of the store would.
    pub async fn run(&self, sql: &'static str) {
        match &self.address {
            Address::File(file) => {
                let mut to =
                    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
                sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut to).await.unwrap();
                sqlx::query(sql).execute(&mut to).await.unwrap();
            }
            Address::Url(url) => {
                let mut to = PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut to).await.unwrap();
            }
        }
    }
}

impl Address {
    pub async fn open(&self) -> Result<Store, pratique_store::StoreError> {
        match self {
            Self::File(file) => Store::open_file(file).await,
            Self::Url(url) => Store::open_url(url).await,
        }
    }
}

/// A PostgreSQL on a socket in a directory of its own.
pub struct Postgres {
    server: Child,
    programs: PathBuf,
    home: tempfile::TempDir,
    databases: u32,
}

impl Postgres {
    /// Starts one; where that cannot be, prints why the test is skipped.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed (./test.sh installs it where it can)");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        if as_postgres("true").is_none() {
            println!("skipped: PostgreSQL does not run as root, and there is no user postgres to run it as");
            return None;
        }
        if is_root() {
            let id = |flag| -> u32 {
                let output = Command::new("id").args([flag, "postgres"]).output().unwrap();
                String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
            };
            chown(home.path(), Some(id("-u")), Some(id("-g"))).unwrap();
        }
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = home.path().join("data");
        // A language whose order of texts is not that of their bytes.
        let made = as_postgres(programs.join("initdb"))?
            .args(["--username=pratique", "--auth=trust", "--encoding=UTF8", "--no-sync"])
            .args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "-D"])
            .arg(&data)
            .current_dir(home.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = as_postgres(programs.join("postgres"))?
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "deadlock_timeout=200ms", "-k"])
            .arg(home.path())
            .arg("-D")
            .arg(&data)
            .current_dir(home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postgres = Self { server, programs, home, databases: 0 };
        for _ in 0..600 {
            let ready = Command::new(postgres.programs.join("pg_isready"))
                .arg("-h")
                .arg(postgres.home.path())
                .stdout(Stdio::null())
                .status()
                .unwrap();
            if ready.success() {
                return Some(postgres);
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL did not start within a minute");
    }

    /// The address of a new database.
    pub fn database(&mut self) -> Address {
        self.databases += 1;
        let name = format!("test{}", self.databases);
        let socket = self.home.path();
        let made = Command::new(self.programs.join("createdb"))
            .args(["-U", "pratique", "-h"])
            .arg(socket)
            .arg(&name)
            .status()
            .unwrap();
        assert!(made.success());
        Address::Url(format!("postgres://pratique@localhost/{name}?host={}", socket.display()))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let id = fs::read_to_string(self.home.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(id) = id.lines().next() {
            // SIGQUIT: its processes end at once, and it with them.
            let _ = Command::new("kill").args(["-QUIT", id]).status();
        }
        let _ = self.server.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    all.sort();
    all.pop()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command that does not run as root.
fn as_postgres(program: impl AsRef<Path>) -> Option<Command> {
    let program = program.as_ref();
    if !is_root() {
        return Some(Command::new(program));
    }
    if !Command::new("id")
        .arg("postgres")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?
        .success()
    {
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    Some(command)
}
