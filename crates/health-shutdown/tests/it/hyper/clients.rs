//! Clients that dribble, never read, upgrade, or ignore readiness; and what is left behind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_shutdown::Ending;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::service::{
    CLEAN, CLOSE, LARGE, Service, endings, get, kept, millis, receive, rest, send,
};

#[tokio::test(start_paused = true)]
async fn a_request_that_dribbles_in_is_answered_or_ends_at_the_deadline() {
    for (pause, drips, answered) in [(millis(200), 20, true), (millis(1_000), 30, false)] {
        let service = Service::start(Duration::ZERO, millis(10_000)).await;
        let mut stream = if answered {
            kept(&service).await
        } else {
            service.connect().await
        };
        send(&mut stream, "GET / HTTP/1.1\r\nhost: ").await;
        tokio::time::sleep(pause).await;
        service.shutdown.request("a test");
        let client = tokio::spawn(async move {
            for _ in 0..drips {
                // It may be cut.
                let _ = stream.write_all(b"x").await;
                tokio::time::sleep(pause).await;
            }
            let _ = stream.write_all(b"\r\n\r\n").await;
            let mut got = String::new();
            let _ = stream.read_to_string(&mut got).await;
            got
        });
        let report = service.end().await;
        let got = client.await.unwrap();
        assert_eq!(got.ends_with("done\n"), answered, "{got:?} {report}");
        assert!(report.elapsed <= millis(10_000), "{report}");
        assert!(!report.overran, "{report}");
        let ending = if answered {
            Ending::Done
        } else {
            Ending::Failed
        };
        assert_eq!(endings(&report), [Ending::Done, ending], "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_cut_at_the_deadline() {
    let service = Service::start(Duration::ZERO, millis(10_000)).await;
    let mut deaf = service.connect().await;
    send(&mut deaf, &get("/large")).await;
    let first = receive(&mut deaf, "HTTP/1.1 200 OK\r\n").await;
    service.shutdown.request("a test");
    let report = service.end().await;
    assert_eq!(endings(&report), [Ending::Done, Ending::Failed], "{first}");
    let error = report.components[1].error.as_deref();
    assert_eq!(error, Some("1 connections were cut"));
    assert!(
        !report.overran && report.elapsed < millis(6_000),
        "{report}"
    );
    // One that reads late has it whole.
    let service = Service::start(Duration::ZERO, millis(10_000)).await;
    let mut late = service.connect().await;
    send(&mut late, &get("/large")).await;
    receive(&mut late, "\r\n\r\n").await;
    service.shutdown.request("a test");
    tokio::time::sleep(millis(1_000)).await;
    assert_eq!(rest(&mut late).await.len(), LARGE);
    assert_eq!(endings(&service.end().await), CLEAN);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_goes_through_and_holds_nothing_up() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let before = service.connect().await;
    let mut streams = [before, service.connect().await];
    for (number, stream) in streams.iter_mut().enumerate() {
        if number == 1 {
            service.shutdown.request("a test");
        }
        let upgrade = "\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        send(stream, &get("/echo").replace("\r\n\r\n", upgrade)).await;
        let answer = receive(stream, "\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("connection: upgrade"), "{answer}");
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    // The connection is the service's own, and goes on.
    for stream in &mut streams {
        send(stream, "ping").await;
        assert_eq!(rest(stream).await, "ping");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_behind() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for dropped in [false, true] {
        let service = Service::start(Duration::ZERO, millis(2_000)).await;
        let mut clients = vec![kept(&service).await, service.connect().await];
        for path in ["/slow", "/large"] {
            let mut client = service.connect().await;
            send(&mut client, &get(path)).await;
            clients.push(client);
        }
        if dropped {
            service.run.abort();
        } else {
            service.shutdown.request("a test");
        }
        let Service { shutdown, run, .. } = service;
        drop(shutdown);
        assert_eq!(run.await.is_err(), dropped);
        // None holds a connection that its task held.
        for mut client in clients {
            let mut got = Vec::new();
            // Reset or ended.
            let _ = client.read_to_end(&mut got).await;
        }
        let mut looks = 0;
        while tasks() > before {
            looks += 1;
            assert!(looks < 10_000, "{} tasks are left", tasks() - before);
            tokio::task::yield_now().await;
        }
    }
}

/// Goes on, with no regard to readiness, until it is refused; counts what was answered.
async fn ignore_readiness(addr: SocketAddr, keeps: bool, answered: Arc<AtomicU64>) {
    let mut connection = None;
    loop {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(addr).await {
                Ok(stream) => stream,
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
                    return;
                }
            },
        };
        send(&mut stream, &get("/")).await;
        let answer = receive(&mut stream, "done\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answered.fetch_add(1, Ordering::Relaxed);
        connection = (keeps && !answer.contains(CLOSE)).then_some(stream);
    }
}

/// Who got a connection is answered, until the very moment at which the intake closes. As after
/// Ctrl-C there is no drain delay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_by_clients_that_ignore_readiness() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let answered = Arc::<AtomicU64>::default();
    let clients: Vec<_> = (0..32)
        .map(|client| ignore_readiness(service.addr, client % 2 == 0, Arc::clone(&answered)))
        .map(tokio::spawn)
        .collect();
    while answered.load(Ordering::Relaxed) < 2_000 {
        tokio::task::yield_now().await;
    }
    service.shutdown.request("a test");
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(endings(&service.end().await), CLEAN);
}
