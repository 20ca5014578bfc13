//! `postgres_lag` as a process, against a real primary with a standby: Debian's `postgresql`.
//!
//! What is told of other troubles, the tests of `health-lag` show; here is what is printed.
#![allow(
    clippy::disallowed_methods,
    reason = "a thread reads what is printed until the program ends"
)]

use std::fs::{metadata, read_dir, read_to_string, set_permissions};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::process::{Directory, binary, ended, signal, until};

/// A server that refuses to run as root, and is then run as its own user.
fn program(name: &str) -> Command {
    let versions = read_dir("/usr/lib/postgresql").unwrap();
    let mut versions: Vec<_> = versions.map(|it| it.unwrap().path()).collect();
    versions.sort();
    let mut paths = versions.iter().rev().map(|it| it.join("bin").join(name));
    let mut command = Command::new(paths.find(|it| it.exists()).unwrap());
    if let Some((uid, gid)) = server_user() {
        command.uid(uid).gid(gid);
    }
    command
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn server_user() -> Option<(u32, u32)> {
    if metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut ids = line
        .unwrap()
        .split(':')
        .skip(2)
        .map(|id| id.parse().unwrap());
    ids.next().zip(ids.next())
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        signal(&self.child, "INT");
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(data: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = program("postgres")
            .arg("-D")
            .arg(data)
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""])
            .args(["-c", "fsync=off"])
            .spawn()
            .unwrap();
        let server = Self { child, port };
        until("the server", || {
            server.psql("SELECT 1").status().unwrap().success()
        });
        server
    }

    fn psql(&self, sql: &str) -> Command {
        let mut psql = program("psql");
        psql.args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
            &self.port.to_string(),
        ]);
        psql.args(["-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql
    }

    fn does(&self, sql: &str) {
        run(&mut self.psql(sql));
    }
}

fn start(directory: &Directory) -> Server {
    let data = directory.path("primary");
    run(program("initdb")
        .args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--locale=C",
            "-D",
        ])
        .arg(&data));
    Server::start(&data)
}

fn start_standby(directory: &Directory, primary: &Server) -> Server {
    let data: PathBuf = directory.path("standby");
    run(program("pg_basebackup")
        .args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "--no-sync",
            "--checkpoint=fast",
        ])
        .args([
            "--write-recovery-conf",
            "-p",
            &primary.port.to_string(),
            "-D",
        ])
        .arg(&data));
    Server::start(&data)
}

/// The program, and the lines that it prints.
struct Printed {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Printed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Printed {
    fn of(primary: &Server) -> Self {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", primary.port);
        let mut child = Command::new(binary("postgres_lag"))
            .args(["--primary", &url, "--expect", "walreceiver"])
            .args(["--interval", "200ms", "--table", "500ms", "--warning", "2s"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line of the standby with these words, in the table or as a change.
    fn says(&self, is_change: bool, words: &str) -> String {
        let mut found = None;
        until(words, || {
            found = self.lines.try_iter().find(|line| {
                line.contains("walreceiver")
                    && line.contains(words)
                    && line.contains("->") == is_change
            });
            found.is_some()
        });
        found.unwrap()
    }
}

#[test]
fn a_standby_whose_replay_is_paused_is_stalled() {
    let directory = Directory::new("postgres_lag");
    let root = directory.path("");
    set_permissions(&root, PermissionsExt::from_mode(0o755)).unwrap();
    if let Some((uid, gid)) = server_user() {
        chown(&root, Some(uid), Some(gid)).unwrap();
    }
    let primary = start(&directory);
    let standby = start_standby(&directory, &primary);
    let mut printed = Printed::of(&primary);
    printed.says(false, "caught up");

    standby.does("SELECT pg_wal_replay_pause()");
    primary.does("CREATE TABLE load AS SELECT generate_series(1, 10000) AS id");
    let change = printed.says(true, "-> warning+stalled");
    assert!(change.contains("stalled for"), "{change}");
    printed.says(false, "warning+stalled");

    standby.does("SELECT pg_wal_replay_resume()");
    printed.says(true, "-> normal");
    printed.says(false, "caught up");
    signal(&printed.child, "INT");
    assert!(ended(&mut printed.child).success());
}
