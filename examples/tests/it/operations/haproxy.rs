//! HAProxy in front of two nodes.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use super::file::File;
use super::pair::{Pair, answering, host, only};
use super::program::{Program, free_address, run};

#[test]
fn haproxy_takes_a_node_out_and_back() {
    let pair = Pair::start("haproxy");
    let (front, socket) = (free_address(), pair.directory.path("admin.sock"));
    let file = File::read("haproxy.cfg")
        .with("127.0.0.1:8000", &front)
        .with("127.0.0.1:8080", host(&pair.a))
        .with("127.0.0.1:8081", host(&pair.b))
        .with("/run/haproxy/admin.sock", &socket.display().to_string())
        .with("inter 2s", "inter 100ms")
        .put(&pair.directory);
    let (good, said) = run("haproxy", &["-c", "-f", &file], "");
    assert!(good, "{said}");
    assert!(!said.contains("WARNING"), "{said}");

    let mut haproxy = Program::start(&pair.directory, "haproxy", &["-db", "-f", &file]);
    // The status and the code of the last check of a server, as HAProxy has them.
    let server = |name: &str| -> Option<(String, String)> {
        let mut stream = UnixStream::connect(&socket).ok()?;
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
    };
    let is = |name: &str, status: &str, code: &str| {
        server(name) == Some((status.to_owned(), code.to_owned()))
    };
    haproxy.wait("both up", || {
        is("node-1", "UP", "200") && is("node-2", "UP", "200")
    });
    assert_eq!(answering(&front), only(&["a", "b"]));

    pair.directory.remove("db-a");
    haproxy.wait("a down", || is("node-1", "DOWN", "503"));
    assert_eq!(answering(&front), only(&["b"]));

    // Degraded serves.
    pair.directory.remove("cache-b");
    pair.b
        .wait_until("/health", |_, body| body.contains(r#""status":"degraded""#));
    assert_eq!(answering(&front), only(&["b"]));

    pair.directory.write("db-a");
    haproxy.wait("a up", || is("node-1", "UP", "200"));
    assert_eq!(answering(&front), only(&["a", "b"]));
}
