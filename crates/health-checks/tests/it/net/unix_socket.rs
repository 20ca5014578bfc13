//! Unix sockets that accept, and that do not.

use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;

use health_checks::net::UnixSocketCheck;
use health_core::Registration;
use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use super::{assert_healthy, assert_unhealthy, patient};
use crate::harness::{Monitored, PATIENCE};

fn socket(path: &Path) -> Registration {
    UnixSocketCheck::new(path).unwrap().registration()
}

#[tokio::test]
async fn judged_by_what_is_at_the_path() {
    let directory = TempDir::new().unwrap();
    let path = |name| directory.path().join(name);
    let _served = UnixListener::bind(path("served")).unwrap();
    drop(UnixListener::bind(path("stale")).unwrap());
    std::fs::write(path("file"), "").unwrap();
    let _datagrams = UnixDatagram::bind(path("datagrams")).unwrap();

    assert_healthy(&patient(socket(&path("served"))).await);
    for (name, words) in [
        ("missing", "missing is not there; start its server"),
        ("stale", "has nobody behind it"),
        ("file", "has nobody behind it"),
        ("file/x", "is not there"),
        (
            "datagrams",
            "cannot be connected to; is it a stream socket?",
        ),
    ] {
        assert_unhealthy(&patient(socket(&path(name))).await, words);
    }
}

#[tokio::test]
async fn a_server_that_does_not_accept_is_unhealthy_until_it_does() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("x");
    let address = SockAddr::unix(&path).unwrap();
    let listening = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listening.bind(&address).unwrap();
    listening.listen(0).unwrap();
    let waiting = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    waiting.connect(&address).unwrap();

    let monitored = Monitored::start(socket(&path).timeout(PATIENCE));
    assert_unhealthy(&monitored.ask().await, "full queue of connections");
    let (_accepted, _) = listening.accept().unwrap();
    assert_healthy(&monitored.ask().await);
    monitored.stop().await;
}
