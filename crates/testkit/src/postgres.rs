//! A throw-away PostgreSQL for one run of the tests: made, started and removed by us, or the server
//! that `TIELINE_TEST_POSTGRES` names. Each test gets a database of its own in it.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Starts a server in a folder of its own and says where; ends it when our end of the pipe closes,
/// which happens however the tests end. initdb refuses root, hence the caller may run this through su.
const SCRIPT: &str = r#"
trap '' INT HUP
cd /
folder=$(mktemp -d /tmp/tieline-pg.XXXXXX) || exit 1
log=$folder/log
{
    "$POSTGRES_BIN/initdb" -D "$folder/data" -U hub -A trust -E UTF8 --no-locale --no-sync &&
    "$POSTGRES_BIN/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 -o \
        "-k $folder -c listen_addresses='' -c fsync=off -c max_connections=200" start
} >"$log" 2>&1 </dev/null || { cat "$log" "$folder/server.log" >&2; rm -rf "$folder"; exit 1; }
echo "$folder"
read -r _
"$POSTGRES_BIN/pg_ctl" -D "$folder/data" -m immediate -w stop >>"$log" 2>&1
rm -rf "$folder"
"#;

static SERVER: OnceLock<Server> = OnceLock::new();
static NEXT: AtomicU64 = AtomicU64::new(0);

enum Server {
    /// An address that holds `{database}`; the process lives as long as its standard input is open.
    Ours {
        address: String,
        _process: Child,
    },
    Given {
        address: String,
    },
}

/// A database of a test's own.
pub struct Database {
    name: String,
    /// Its address.
    pub url: String,
}

impl Database {
    /// Makes an empty database.
    pub async fn create() -> Database {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("tieline_test_{}_{number}", std::process::id());
        administer(&format!("drop database if exists {name} with (force)")).await;
        administer(&format!("create database {name}")).await;
        Database {
            url: address(&name),
            name,
        }
    }

    /// Removes it, whoever is still connected.
    pub async fn remove(self) {
        administer(&format!("drop database {} with (force)", self.name)).await;
    }
}

async fn administer(sql: &str) {
    let mut conn = PgConnection::connect(&address("postgres"))
        .await
        .expect("the test server answers");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut conn)
        .await
        .expect("the test user may create and drop databases");
    conn.close().await.expect("the test server says goodbye");
}

fn address(database: &str) -> String {
    let server = SERVER.get_or_init(|| match std::env::var("TIELINE_TEST_POSTGRES") {
        Ok(given) => Server::Given {
            address: with_placeholder(&given),
        },
        Err(_) => start(),
    });
    match server {
        Server::Ours { address, .. } | Server::Given { address } => {
            address.replace("{database}", database)
        }
    }
}

/// `postgres://user@host/anything?options` with the name of the database left open.
fn with_placeholder(given: &str) -> String {
    let (path, options) = given.split_once('?').unwrap_or((given, ""));
    let authority = path.find("://").map_or(0, |at| at + 3);
    let end = path[authority..]
        .find('/')
        .map_or(path.len(), |at| authority + at);
    format!("{}/{{database}}?{options}", &path[..end])
}

fn start() -> Server {
    let mut process = shell()
        .env("POSTGRES_BIN", binaries())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    let mut folder = String::new();
    BufReader::new(process.stdout.take().expect("it is piped"))
        .read_line(&mut folder)
        .expect("the script's output can be read");
    let folder = folder.trim();
    if folder.is_empty() {
        let mut reason = String::new();
        let mut stderr = process.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut reason).expect("text");
        panic!("the throw-away PostgreSQL did not start:\n{reason}");
    }
    Server::Ours {
        address: format!("postgres://hub@localhost/{{database}}?host={folder}"),
        _process: process,
    }
}

fn shell() -> Command {
    let user = Command::new("id").arg("-u").output().expect("id runs");
    if user.stdout.trim_ascii() == b"0" {
        let mut command = Command::new("su");
        command.args(["-s", "/bin/sh", "nobody", "-c", SCRIPT]);
        return command;
    }
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]);
    command
}

fn binaries() -> PathBuf {
    let named = std::env::var_os("TIELINE_POSTGRES_BIN").map(PathBuf::from);
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    packaged.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    named
        .into_iter()
        .chain(packaged.into_iter().rev())
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
        .expect(
            "no PostgreSQL found: install the Debian package postgresql, or set TIELINE_POSTGRES_BIN \
             to the folder of initdb, or TIELINE_TEST_POSTGRES to the address of a server",
        )
}
