//! PostgreSQL servers of the tests' own: one, and a standby of it.
//!
//! They refuse to run as root, and are then run as their own user.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tokio_postgres::{Client, NoTls};

use crate::authority::Identity;
use crate::harness::PATIENCE;
use crate::server::PASSWORD;
use crate::server::Server;

/// A server with the database `service`, and a user `app` that is nobody special.
pub(super) async fn start() -> Server {
    start_with(None).await
}

/// The same that speaks TLS to those who want it.
pub(super) async fn start_with_tls(identity: Identity) -> Server {
    start_with(Some(identity)).await
}

async fn start_with(identity: Option<Identity>) -> Server {
    let server = Server::start(move |directory, port| {
        let data = directory.join("data");
        if !data.exists() {
            own(directory);
            let password = directory.join("password");
            std::fs::write(&password, PASSWORD).unwrap();
            own(&password);
            run(program("initdb")
                .args(["--username=postgres", "--auth=scram-sha-256", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C"])
                .arg(format!("--pwfile={}", password.display()))
                .arg(format!("--pgdata={}", data.display())));
        }
        let mut command = serve(&data, port);
        if let Some(identity) = &identity {
            for (option, name, pem) in [
                ("ssl_cert_file", "server.crt", &identity.certificate),
                ("ssl_key_file", "server.key", &identity.key),
            ] {
                let path = directory.join(name);
                std::fs::write(&path, pem).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
                own(&path);
                command.args(["-c", &format!("{option}={}", path.display())]);
            }
            command.args(["-c", "ssl=on"]);
        }
        command
    });
    let admin = admin(server.port).await;
    for sql in [
        &format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'") as &str,
        "CREATE DATABASE service OWNER app",
    ] {
        admin.batch_execute(sql).await.unwrap();
    }
    server
}

/// A standby of `primary`.
pub(super) fn start_standby(primary: &Server) -> Server {
    let primary = primary.port;
    Server::start(move |directory, port| {
        let data = directory.join("data");
        if !data.exists() {
            own(directory);
            run(program("pg_basebackup")
                .args(["--host=127.0.0.1", "--username=postgres", "--no-sync"])
                .args(["--write-recovery-conf", "--checkpoint=fast"])
                .arg(format!("--port={primary}"))
                .arg(format!("--pgdata={}", data.display()))
                .env("PGPASSWORD", PASSWORD));
        }
        serve(&data, port)
    })
}

/// Where a user connects to.
pub(super) fn address(user: &str, port: u16) -> String {
    format!("postgres://{user}:{PASSWORD}@127.0.0.1:{port}/service")
}

/// A superuser's client, once the server lets it in.
pub(super) async fn admin(port: u16) -> Client {
    let address = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres");
    let begin = std::time::Instant::now();
    loop {
        match open(&address).await {
            Ok(client) => return client,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "no admin: {error:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// The client that a service would have.
pub(super) async fn client(port: u16) -> Arc<Client> {
    Arc::new(open(&address("app", port)).await.unwrap())
}

pub(super) async fn open(address: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// How many connections of checks the server has.
pub(super) async fn connections(admin: &Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'health-check'";
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

fn serve(data: &Path, port: u16) -> Command {
    let mut command = program("postgres");
    command
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""])
        .args(["-c", "fsync=off", "-c", "max_connections=10"]);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Debian keeps the server's programs out of the path.
fn program(name: &str) -> Command {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    versions.sort();
    let path = versions
        .iter()
        .rev()
        .map(|version| version.join("bin").join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| name.into());
    let mut command = Command::new(path);
    if let Some((uid, gid)) = server_user() {
        command.uid(uid).gid(gid);
    }
    // The user may be kept out of the directory that the tests run in.
    command.current_dir("/");
    command
}

fn own(path: &Path) {
    if let Some((uid, gid)) = server_user() {
        chown(path, Some(uid), Some(gid)).unwrap();
    }
}

/// Whom to run as: nobody else unless this is root.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].into_iter().find_map(|name| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        ids.next().zip(ids.next())
    })
}

/// Ends a server as a fast shutdown does, which frees its shared memory.
pub(super) fn end(server: Server) {
    server.end(rustix::process::Signal::INT);
}
