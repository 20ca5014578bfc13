//! What systemd is told, over its datagram socket.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use super::service::Graceful;
use crate::process::{Directory, until};

/// The messages up to the one that holds `word`.
fn until_told(socket: &UnixDatagram, word: &str) -> String {
    let mut told = String::new();
    while !told.lines().any(|line| line.starts_with(word)) {
        match message(socket) {
            Ok(message) => told.push_str(&message),
            Err(error) => panic!("no {word} ({error}) in {told}"),
        }
        told.push('\n');
    }
    told
}

/// The next message. Signals of other tests' children interrupt what waits with a limit.
fn message(socket: &UnixDatagram) -> io::Result<String> {
    let mut message = [0; 4096];
    loop {
        match socket.recv(&mut message) {
            Ok(length) => return Ok(String::from_utf8(message[..length].to_vec()).unwrap()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A service that tells `path`, and looks ten times in a tenth of a second.
fn told_often(path: &std::path::Path, arguments: &[&str]) -> Graceful {
    let service = Graceful::start_with(arguments, |command| {
        command
            .env("NOTIFY_SOCKET", path)
            .env("WATCHDOG_USEC", "30000")
            .env_remove("WATCHDOG_PID");
    });
    service.wait_until_ready();
    service
}

fn listen(directory: &Directory) -> (UnixDatagram, std::path::PathBuf) {
    let path = directory.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    let patience = Some(Duration::from_mins(1));
    socket.set_read_timeout(patience).unwrap();
    (socket, path)
}

#[test]
fn a_systemd_that_does_not_listen_holds_up_nothing() {
    let directory = Directory::new("deaf-systemd");
    let (_unread, path) = listen(&directory);
    let service = told_often(&path, &["--drain-delay", "0"]);
    let another = UnixDatagram::unbound().unwrap();
    another.set_nonblocking(true).unwrap();
    until("a full socket", || another.send_to(b"X=1", &path).is_err());
    service.signal("TERM");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

#[test]
fn more_time_is_asked_for_only_while_progress_is_made() {
    let directory = Directory::new("progress");
    let (socket, path) = listen(&directory);
    let service = told_often(&path, &["--hang", "queue", "--drain-delay", "0"]);
    service.signal("TERM");
    until_told(&socket, "STATUS=stopping: phase flush");
    // It hangs for 5 s, of which this is less than one.
    for _ in 0..50 {
        let told = message(&socket).unwrap();
        assert!(!told.contains("EXTEND_TIMEOUT_USEC"), "{told}");
    }
    // Then it is given up, and the rest goes on.
    until_told(&socket, "EXTEND_TIMEOUT_USEC=10000000");
    let end = service.end();
    assert_eq!(end.code, Some(71), "{end:?}");
}

#[test]
fn the_watchdog_hears_of_it_only_while_it_lives() {
    let directory = Directory::new("liveness");
    let (socket, path) = listen(&directory);
    let service = told_often(&path, &["--fail-live-after", "1s", "--drain-delay", "0"]);
    until_told(&socket, "WATCHDOG=1");
    until_told(&socket, "STATUS=degraded");
    // Many looks long.
    for _ in 0..200 {
        service.probe("/live");
    }
    assert_eq!(service.probe("/live"), 503);
    service.signal("TERM");
    let told = until_told(&socket, "STOPPING=1");
    // Status and liveness are read one after the other: once at most they do not agree.
    assert!(told.matches("WATCHDOG=1").count() <= 1, "{told}");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

#[test]
fn a_blocked_runtime_stops_at_once_and_lives_no_more() {
    let directory = Directory::new("blocked-systemd");
    let (socket, path) = listen(&directory);
    let arguments = ["--block-runtime", "--drain-delay", "0", "--deadline", "3s"];
    let mut service = told_often(&path, &arguments);
    until_told(&socket, "WATCHDOG=1");
    service.signal("TERM");
    until_told(&socket, "STOPPING=1");
    socket
        .set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let mut message = [0; 4096];
    let mut beats = 0;
    while !service.has_ended() {
        if let Ok(length) = socket.recv(&mut message) {
            let told = String::from_utf8_lossy(&message[..length]).into_owned();
            beats += told.matches("WATCHDOG=1").count();
        }
    }
    // Of 300 looks, those before the last thread was blocked.
    assert!(beats < 30, "{beats}");
    let end = service.end();
    assert_eq!(end.code, Some(124), "{end:?}");
}

#[test]
fn systemd_is_told_of_the_whole_life() {
    let directory = Directory::new("systemd");
    let path = directory.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let service = Graceful::start_with(&["--drain-delay", "1s"], |command| {
        command
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "300000")
            .env_remove("WATCHDOG_PID");
    });
    let told = until_told(&socket, "READY=1");
    assert!(!told.contains("STOPPING"), "{told}");
    let told = until_told(&socket, "WATCHDOG=1");
    assert!(!told.contains("READY"), "said once: {told}");
    service.signal("TERM");
    let told = until_told(&socket, "EXTEND_TIMEOUT_USEC=");
    assert!(told.contains("STOPPING=1"), "{told}");
    assert!(!told.contains("READY"), "{told}");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

/// As in containers: a name that is no path.
#[test]
fn systemd_is_told_in_the_abstract_name_space_too() {
    let name = format!("health-graceful-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    let patience = Some(Duration::from_mins(1));
    socket.set_read_timeout(patience).unwrap();
    let service = Graceful::start_with(&["--drain-delay", "0"], |command| {
        command.env("NOTIFY_SOCKET", format!("@{name}"));
    });
    until_told(&socket, "READY=1");
    service.signal("TERM");
    until_told(&socket, "STOPPING=1");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}
