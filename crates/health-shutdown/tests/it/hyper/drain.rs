//! What is answered: all in the drain delay, then what was begun.

use std::time::Duration;

use health_shutdown::Phase;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::service::{
    CLEAN, CLOSE, Service, connect_at_once, endings, get, kept, millis, receive, rest, send,
    send_at_once,
};

#[tokio::test(start_paused = true)]
async fn during_the_drain_delay_all_is_served_and_told_to_close() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let mut old = kept(&service).await;
    service.shutdown.request("a test");
    for second in 0..4 {
        let mut fresh = service.connect().await;
        send(&mut fresh, &get("/")).await;
        let answer = rest(&mut fresh).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{second}: {answer}");
        assert!(answer.contains(CLOSE), "{second}: {answer}");
        assert!(answer.ends_with("done\n"), "{second}: {answer}");
        tokio::time::sleep(millis(1_000)).await;
    }
    send(&mut old, &get("/").replace("GET", "HEAD")).await;
    let head = rest(&mut old).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains(CLOSE) && head.ends_with("\r\n\r\n"), "{head}");
    let addr = service.addr;
    assert_eq!(endings(&service.end().await), CLEAN);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn while_requests_are_finished_newcomers_are_refused() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let mut old = kept(&service).await;
    service.shutdown.request("a test");
    tokio::time::sleep(millis(4_000)).await;
    // Begun in the drain delay, on a kept connection and on a fresh one.
    let mut fresh = service.connect().await;
    for stream in [&mut old, &mut fresh] {
        send(stream, &get("/slow")).await;
    }
    let phase = || service.shutdown.report().and_then(|report| report.phase);
    while phase() < Some(Phase::DrainInFlight) {
        tokio::time::sleep(millis(10)).await;
    }
    assert_eq!(phase(), Some(Phase::DrainInFlight));
    let newcomer = TcpStream::connect(service.addr).await;
    assert_eq!(
        newcomer.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    assert_eq!(phase(), Some(Phase::DrainInFlight), "they are still there");
    for stream in [&mut old, &mut fresh] {
        let answer = rest(stream).await;
        assert!(
            answer.contains(CLOSE) && answer.ends_with("done\n"),
            "{answer}"
        );
    }
    assert_eq!(endings(&service.end().await), CLEAN);
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_are_finished() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let mut old = kept(&service).await;
    let mut fresh = service.connect().await;
    for stream in [&mut old, &mut fresh] {
        send(stream, &get("/slow")).await;
    }
    tokio::time::sleep(millis(1_000)).await;
    service.shutdown.request("a test");
    for stream in [&mut old, &mut fresh] {
        let answer = rest(stream).await;
        assert!(
            answer.contains(CLOSE) && answer.ends_with("done\n"),
            "{answer}"
        );
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    assert!(report.elapsed >= millis(1_000) && report.elapsed < millis(2_000));
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_intake_closed_is_answered_though_nobody_had_read_it() {
    for path in ["/", "/slow"] {
        let service = Service::start(Duration::ZERO, millis(25_000)).await;
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(kept(&service).await);
            // Connected, accepted, and silent so far.
            clients.push(service.connect().await);
        }
        tokio::time::sleep(millis(10)).await;
        // From here on the runtime gets no turn: these wait in the queue of the listener.
        clients.extend((0..20).map(|_| connect_at_once(service.addr)));
        service.shutdown.request("a test");
        let clients = clients
            .into_iter()
            .map(|client| send_at_once(client, &get(path)));
        for mut client in clients.collect::<Vec<_>>() {
            let answer = rest(&mut client).await;
            assert!(answer.ends_with("done\n"), "{path}: {answer}");
        }
        assert_eq!(endings(&service.end().await), CLEAN);
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_a_little_late_is_served() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    service.shutdown.request("a test");
    // In step with each other, as after requests of one length.
    for _ in 0..5 {
        for _ in 0..4 {
            let mut late = service.connect().await;
            send(&mut late, &get("/")).await;
            assert!(rest(&mut late).await.ends_with("done\n"));
        }
        tokio::time::sleep(millis(50)).await;
    }
    assert_eq!(endings(&service.end().await), CLEAN);
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_is_heard_out_and_holds_nothing_up() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let mut late = [kept(&service).await, service.connect().await];
    let mut silent = [kept(&service).await, service.connect().await];
    service.shutdown.request("a test");
    tokio::time::sleep(millis(300)).await;
    for stream in &mut late {
        send(stream, &get("/")).await;
        assert!(rest(stream).await.ends_with("done\n"));
    }
    for stream in &mut silent {
        assert_eq!(rest(stream).await, "");
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    assert!(report.elapsed < millis(1_000), "{report}");
    // However short the time is.
    let service = Service::start(Duration::ZERO, millis(200)).await;
    let _silent = [kept(&service).await, service.connect().await];
    service.shutdown.request("a test");
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
}

#[tokio::test(start_paused = true)]
async fn half_open_connections_are_answered() {
    for drain_delay in [Duration::ZERO, millis(5_000)] {
        let service = Service::start(drain_delay, millis(25_000)).await;
        let mut clients = Vec::new();
        for path in ["/", "/slow"] {
            let mut client = service.connect().await;
            send(&mut client, &get(path)).await;
            client.shutdown().await.unwrap();
            clients.push(client);
        }
        let mut idle = kept(&service).await;
        idle.shutdown().await.unwrap();
        service.shutdown.request("a test");
        for mut client in clients {
            assert!(rest(&mut client).await.ends_with("done\n"));
        }
        assert_eq!(rest(&mut idle).await, "");
        assert_eq!(endings(&service.end().await), CLEAN);
    }
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_up_to_the_one_that_says_close() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let mut client = service.connect().await;
    let three = [get("/slow"), get("/"), get("/")].concat();
    send(&mut client, &three).await;
    for _ in 0..3 {
        let answer = receive(&mut client, "done\n").await;
        assert!(!answer.contains(CLOSE), "{answer}");
    }
    service.shutdown.request("a test");
    send(&mut client, &three).await;
    let answer = rest(&mut client).await;
    assert_eq!(answer.matches("done\n").count(), 1, "{answer}");
    assert!(answer.contains(CLOSE), "{answer}");
    assert_eq!(endings(&service.end().await), CLEAN);
}
