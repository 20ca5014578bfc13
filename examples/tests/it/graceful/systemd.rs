//! What systemd is told, over its datagram socket.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::service::Graceful;
use crate::process::Directory;

/// The messages up to the one that holds `word`.
fn until_told(socket: &UnixDatagram, word: &str) -> String {
    let mut told = String::new();
    let mut message = [0; 4096];
    while !told.lines().any(|line| line.starts_with(word)) {
        let length = socket
            .recv(&mut message)
            .unwrap_or_else(|error| panic!("no {word} ({error}) in {told}"));
        told.push_str(std::str::from_utf8(&message[..length]).unwrap());
        told.push('\n');
    }
    told
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
