//! DNS: this machine's resolver, dnsmasq, and servers that answer wrongly or not at all.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;

use health_checks::net::{DnsCheck, DnsRecord, DnsServerCheck};

use super::{SHORT, assert_healthy, assert_unhealthy, detail, hurried, patient, survives_silence};
use crate::harness::Monitored;
use crate::server::{Server, free_port};

/// A server that knows some names of `x.test`, and no others of it.
pub(crate) fn dnsmasq() -> Server {
    Server::start(|_, port| {
        let mut command = Command::new("/usr/sbin/dnsmasq");
        command
            .args([
                "--keep-in-foreground",
                "--log-facility=-",
                "--conf-file=/dev/null",
            ])
            .args(["--pid-file=", "--user=root", "--no-resolv", "--no-hosts"])
            .args(["--listen-address=127.0.0.1", "--bind-interfaces"])
            .arg(format!("--port={port}"))
            .args(["--local=/x.test/", "--host-record=a.x.test,10.0.0.1"])
            .args(["--host-record=two.x.test,10.0.0.1,2001:db8::1"])
            .args([
                "--mx-host=x.test,mail.x.test,10",
                "--cname=alias.x.test,a.x.test",
            ]);
        for number in 0..40 {
            command.arg(format!(
                "--txt-record=long.x.test,text number {number} of many"
            ));
        }
        command
    })
}

fn ask(port: u16, name: &str, record: DnsRecord) -> DnsServerCheck {
    DnsServerCheck::new(&format!("127.0.0.1:{port}"), name)
        .unwrap()
        .record(record)
}

#[tokio::test]
async fn this_machine_resolves() {
    let state = patient(
        DnsCheck::new("localhost")
            .unwrap()
            .expects(Ipv4Addr::LOCALHOST),
    )
    .await;
    assert_healthy(&state);
    assert!(detail(&state, "answer_count").as_u64() >= Some(1));
    let state = patient(DnsCheck::new("localhost").unwrap().at_least(50).unwrap()).await;
    assert_unhealthy(&state, "at least 50 wanted");
    let state = patient(DnsCheck::new("no-such-host.invalid").unwrap()).await;
    assert_unhealthy(&state, "cannot be resolved");
}

#[tokio::test]
async fn a_server_answers() {
    let server = dnsmasq();
    let ask = |name, record| ask(server.port, name, record);
    for (check, answers) in [
        (ask("a.x.test", DnsRecord::A), &["10.0.0.1"][..]),
        (ask("A.X.test.", DnsRecord::A), &["10.0.0.1"]),
        (ask("alias.x.test", DnsRecord::A), &["10.0.0.1"]),
        (ask("alias.x.test", DnsRecord::Cname), &["a.x.test."]),
        (
            ask("two.x.test", DnsRecord::Aaaa).expects("2001:db8::1"),
            &["2001:db8::1"],
        ),
        (
            ask("x.test", DnsRecord::Mx).expects("10 Mail.x.test."),
            &["10 mail.x.test."],
        ),
    ] {
        let state = patient(check).await;
        assert_healthy(&state);
        assert_eq!(
            detail(&state, "answers"),
            serde_json::json!(answers),
            "{state:?}"
        );
        assert_eq!(
            detail(&state, "server"),
            format!("127.0.0.1:{}", server.port)
        );
    }
    for (check, words) in [
        (ask("none.x.test", DnsRecord::A), "the name does not exist"),
        (
            ask("a.x.test", DnsRecord::Aaaa),
            "0 answers, at least 1 wanted",
        ),
        (
            ask("a.x.test", DnsRecord::A).at_least(2).unwrap(),
            "1 answer, at least 2 wanted",
        ),
        (
            ask("a.x.test", DnsRecord::A).expects("10.0.0.2"),
            "10.0.0.2 is not among",
        ),
        (ask("elsewhere.example", DnsRecord::A), "refuses to answer"),
    ] {
        assert_unhealthy(&patient(check).await, words);
    }
}

#[tokio::test]
async fn a_truncated_answer_comes_whole_by_tcp() {
    let server = dnsmasq();
    let check = ask(server.port, "long.x.test", DnsRecord::Txt)
        .at_least(40)
        .unwrap();
    let state = patient(check).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "answer_count"), 40);
    assert_eq!(detail(&state, "answers").as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_server_falls_silent_and_comes_back() {
    let server = dnsmasq();
    let check = ask(server.port, "a.x.test", DnsRecord::A).registration();
    let monitored = Monitored::start(check.timeout(SHORT));
    survives_silence(&monitored, || server.suspend(), || server.resume()).await;
    monitored.stop().await;
}

#[tokio::test]
async fn a_port_with_nobody_is_unhealthy() {
    let check = ask(free_port(), "a.x.test", DnsRecord::A);
    assert_unhealthy(&patient(check).await, "has nobody at its port");
}

/// Answers each datagram with what `answer` makes of it; gives the port.
fn serve(answer: impl Fn(u32, &mut Vec<u8>) + Send + 'static) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut datagram = [0; 512];
        let mut count = 0;
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            count += 1;
            let mut octets = datagram[..length].to_vec();
            answer(count, &mut octets);
            let _ = socket.send_to(&octets, from);
        }
    });
    port
}

/// Makes the question an answer with this code and no records.
fn code(octets: &mut [u8], code: u8) {
    octets[2] |= 0x80;
    octets[3] = code;
}

#[tokio::test]
async fn servers_that_answer_wrongly() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = silent
        .local_addr()
        .map(|address| (silent, address.port()))
        .unwrap();
    hurried(
        ask(silent.1, "a.test", DnsRecord::A),
        "does not answer in time",
    )
    .await;

    for (answer, words) in [
        (
            serve(|_, octets| code(octets, 2)),
            "the server failed (SERVFAIL)",
        ),
        (
            serve(|_, octets| code(octets, 3)),
            "the name does not exist",
        ),
        (serve(|_, octets| code(octets, 0)), "0 answers"),
        // Truncated, and TCP is closed.
        (
            serve(|_, octets| {
                code(octets, 0);
                octets[2] |= 2;
            }),
            "cannot be asked by TCP",
        ),
        // Says that there is a record, and ends.
        (
            serve(|_, octets| {
                code(octets, 0);
                octets[7] = 1;
            }),
            "answers what cannot be read",
        ),
    ] {
        assert_unhealthy(&patient(ask(answer, "a.test", DnsRecord::A)).await, words);
    }
    // Another's answer, an echo, noise, nothing: none of it is an answer.
    for port in [
        serve(|_, octets| {
            code(octets, 0);
            octets[0] ^= 1;
        }),
        serve(|_, octets| {
            code(octets, 0);
            octets[14] ^= 1;
        }),
        serve(|_, _| {}),
        serve(|_, octets| *octets = b"SSH-2.0-OpenSSH_9.2".to_vec()),
        serve(|_, octets| octets.clear()),
    ] {
        let check = ask(port, "a.test", DnsRecord::A).registration();
        let state = crate::harness::result(check.timeout(SHORT)).await;
        assert_unhealthy(&state, "answers what is not DNS");
    }
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again() {
    // The first answer is another's, as good as lost.
    let port = serve(|count, octets| {
        code(octets, 3);
        if count == 1 {
            octets[0] ^= 1;
        }
    });
    let state = patient(ask(port, "a.test", DnsRecord::A)).await;
    assert_unhealthy(&state, "the name does not exist");
}
