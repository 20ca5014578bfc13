//! HAProxy in front of two nodes, and in front of a service that answers nothing.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::file::File;
use super::mute::Mute;
use super::pair::{Pair, answering, host, only, port};
use super::program::{Program, free_address, get, run};
use crate::process::Directory;

/// A running HAProxy.
struct Proxy {
    program: Program,
    front: String,
    socket: PathBuf,
}

impl Proxy {
    /// With its file, and these servers in the place of both nodes.
    fn start(directory: &Directory, servers: [&str; 2]) -> Self {
        let (front, socket) = (free_address(), directory.path("admin.sock"));
        let file = File::read("haproxy.cfg")
            .with("127.0.0.1:8000", &front)
            .with("127.0.0.1:8080", servers[0])
            .with("127.0.0.1:8081", servers[1])
            .with("/run/haproxy/admin.sock", &socket.display().to_string())
            .with("inter 2s", "inter 100ms");
        let path = file.put(directory);
        let (good, said) = run("haproxy", &["-c", "-f", &path], "");
        assert!(good, "{said}");
        assert!(!said.contains("WARNING"), "{said}");
        // Only root can become somebody else.
        let path = file
            .with("    user haproxy\n    group haproxy\n", "")
            .put(directory);
        let program = Program::start(directory, "haproxy", &["-db", "-f", &path]);
        Self {
            program,
            front,
            socket,
        }
    }

    /// Waits until a server has this status, and its last check this code.
    fn wait(&mut self, name: &str, status: &str, code: &str) {
        let socket = &self.socket;
        let what = format!("{name} is {status}");
        self.program.wait(&what, || {
            server(socket, name) == Some((status.to_owned(), code.to_owned()))
        });
    }
}

/// The status and the code of the last check of a server, as HAProxy has them.
fn server(socket: &Path, name: &str) -> Option<(String, String)> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.write_all(b"show stat\n").ok()?;
    let mut table = String::new();
    stream.read_to_string(&mut table).ok()?;
    let column = |name: &str| table.lines().next()?.split(',').position(|it| it == name);
    let (status, code) = (column("status")?, column("check_code")?);
    let line = table
        .lines()
        .find(|line| line.starts_with(&format!("nodes,{name},")))?;
    let cells: Vec<_> = line.split(',').collect();
    Some((cells[status].to_owned(), cells[code].to_owned()))
}

#[test]
fn haproxy_takes_a_node_out_and_back() {
    let pair = Pair::start("haproxy");
    let mut haproxy = Proxy::start(&pair.directory, [&pair.a, &pair.b].map(host));
    haproxy.wait("node-1", "UP", "200");
    haproxy.wait("node-2", "UP", "200");
    assert_eq!(answering(&haproxy.front), only(&["a", "b"]));

    pair.directory.remove("db-a");
    haproxy.wait("node-1", "DOWN", "503");
    assert_eq!(answering(&haproxy.front), only(&["b"]));

    // Degraded serves.
    pair.directory.remove("cache-b");
    pair.b
        .wait_until("/health", |_, body| body.contains(r#""status":"degraded""#));
    assert_eq!(answering(&haproxy.front), only(&["b"]));

    pair.directory.write("db-a");
    haproxy.wait("node-1", "UP", "200");
    assert_eq!(answering(&haproxy.front), only(&["a", "b"]));
}

#[test]
fn haproxy_sends_nothing_twice_that_is_not_idempotent() {
    let pair = Pair::start("haproxy-mute");
    let service = Mute::start();
    // The service has a port of its own.
    let servers = [&pair.a, &pair.b].map(|node| format!("{} port {}", service.address, port(node)));
    let mut haproxy = Proxy::start(&pair.directory, [&servers[0], &servers[1]]);
    haproxy.wait("node-1", "UP", "200");
    haproxy.wait("node-2", "UP", "200");
    let url = format!("http://{}/orders", haproxy.front);
    assert_eq!(get(&url).0, 502);
    let tries = service.take();
    assert!(tries > 1, "{tries}");

    let code = [
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-X",
        "POST",
        &url,
    ];
    assert_eq!(run("curl", &code, ""), (true, "502".to_owned()));
    assert_eq!(service.take(), 1);

    // Its health is that of the node.
    pair.directory.remove("db-a");
    haproxy.wait("node-1", "DOWN", "503");
}
