//! A real NTP server: Debian's `chrony`.

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use health_checks::time::NtpDriftCheck;
use health_core::{CheckStatus, Registration};

use crate::harness::{Monitored, pass};
use crate::server::Server;

const LEAST: Duration = Duration::from_secs(15);

/// Serves the clock of this machine, or says that it is not synchronised.
fn chronyd(local: &'static str) -> Server {
    Server::start_until(answers, move |directory, port| {
        let config = directory.join("chrony.conf");
        let text = format!(
            "{local}\nallow 127.0.0.0/8\nbindaddress 127.0.0.1\nport {port}\ncmdport 0\n\
             bindcmdaddress /\npidfile {}\n",
            directory.join("chronyd.pid").display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("/usr/sbin/chronyd");
        // In the foreground, and leaving the clock alone.
        command
            .args(["-d", "-x", "-U", "-u", "root", "-f"])
            .arg(config);
        command
    })
}

fn answers(port: u16) -> bool {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let wait = Duration::from_millis(100);
    socket.set_read_timeout(Some(wait)).unwrap();
    let mut request = [0; 48];
    request[0] = 0b00_100_011;
    socket.send(&request).is_ok() && socket.recv(&mut request).is_ok()
}

fn drift(server: &Server) -> Registration {
    let address = format!("127.0.0.1:{}", server.port);
    // Far more than a busy machine takes to answer.
    let (degraded, unhealthy) = (Duration::from_mins(1), Duration::from_mins(30));
    NtpDriftCheck::new([address])
        .and_then(|check| check.thresholds(degraded, unhealthy))
        .unwrap()
        .registration()
        .timeout(Duration::from_secs(3))
}

#[tokio::test]
async fn the_clock_that_it_serves_is_our_own() {
    let mut server = chronyd("local stratum 10");
    let monitored = Monitored::start(drift(&server));
    let state = monitored.ask().await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    let drift = state.details.as_ref().unwrap()["drift_ms"]
        .as_f64()
        .unwrap();
    assert!(drift.abs() < 60_000.0, "{state:?}");

    server.suspend();
    pass(LEAST).await;
    let state = monitored.ask().await;
    assert!(state.message.contains("no answer in time"), "{state:?}");

    server.kill();
    pass(LEAST).await;
    let state = monitored.ask().await;
    assert!(state.message.contains("not reachable"), "{state:?}");

    server.restart();
    pass(LEAST).await;
    let state = monitored.ask().await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    monitored.stop().await;
}

#[tokio::test]
async fn one_that_knows_no_time_is_refused() {
    let server = chronyd("");
    let state = crate::harness::result(drift(&server)).await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
    assert!(state.message.contains("not synchronised"), "{state:?}");
}
