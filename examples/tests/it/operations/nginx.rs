//! nginx in front of two nodes: it learns of an outage from the requests alone.

use super::file::File;
use super::mute::Mute;
use super::pair::{Pair, answering, host, only};
use super::program::{Program, free_address, get, run};
use crate::process::Directory;

/// A running nginx, and its address.
fn start(directory: &Directory, nodes: [&str; 2], failures: &str) -> (Program, String) {
    let front = free_address();
    let within = |name: &str| directory.path(name).display().to_string();
    let file = File::read("nginx.conf")
        .with("127.0.0.1:8000", &front)
        .with("127.0.0.1:8080", nodes[0])
        .with("127.0.0.1:8081", nodes[1])
        .with("/run/nginx.pid", &within("nginx.pid"))
        .with("/var/log/nginx/error.log", &within("error.log"))
        .with("max_fails=2 fail_timeout=5s", failures)
        .with("worker_processes auto", "worker_processes 4")
        .put(directory);
    let arguments = ["-c", &file, "-e", "stderr", "-g", "daemon off;"];
    (Program::start(directory, "nginx", &arguments), front)
}

#[test]
fn nginx_asks_the_other_node_and_answers_for_none() {
    let pair = Pair::start("nginx");
    let (mut nginx, front) = start(
        &pair.directory,
        [&pair.a, &pair.b].map(host),
        "max_fails=2 fail_timeout=1s",
    );
    nginx.wait("both", || answering(&front) == only(&["a", "b"]));

    // What a node tells of itself comes through at once.
    let events = format!("http://{front}/health/events");
    let mut reader = Program::start(&pair.directory, "curl", &["-sN", &events]);
    let heard = || std::fs::read_to_string(pair.directory.path("curl.log")).unwrap();
    reader.wait("a beat", || heard().contains("event: beat"));
    pair.directory.remove("cache-a");
    pair.directory.remove("cache-b");
    reader.wait("the news", || heard().contains("is missing"));
    pair.directory.write("cache-a");
    pair.directory.write("cache-b");
    drop(reader);

    // No request sees it: each is sent on.
    pair.directory.remove("db-a");
    pair.a.wait_for("/ready", 503);
    assert_eq!(answering(&front), only(&["b"]));

    pair.directory.remove("db-b");
    pair.b.wait_for("/ready", 503);
    assert_eq!(answering(&front), only(&["503"]));
    let (code, body) = get(&format!("http://{front}/health"));
    assert_eq!(
        (code, body.as_str()),
        (503, r#"{"error":"no node is ready"}"#)
    );

    pair.directory.write("db-a");
    pair.directory.write("db-b");
    nginx.wait("both again", || answering(&front) == only(&["a", "b"]));
}

#[test]
fn nginx_leaves_a_node_alone_after_two_failures_whichever_worker_saw_them() {
    let pair = Pair::start("nginx-workers");
    let service = Mute::start();
    let nodes = [&service.address, host(&pair.b)];
    let (mut nginx, front) = start(&pair.directory, nodes, "max_fails=2 fail_timeout=1h");
    nginx.wait("an answer", || {
        get(&format!("http://{front}/health")).0 == 200
    });
    for _ in 0..10 {
        assert_eq!(answering(&front), only(&["b"]));
    }
    assert_eq!(service.take(), 2);
}

#[test]
fn nginx_sends_nothing_twice_that_is_not_idempotent() {
    let pair = Pair::start("nginx-mute");
    let service = Mute::start();
    let nodes = [&service.address, host(&pair.b)];
    // It is tried again and again.
    let (mut nginx, front) = start(&pair.directory, nodes, "max_fails=0");
    let url = format!("http://{front}/health");
    nginx.wait("an answer", || get(&url).0 == 200);
    let _ = service.take();
    assert_eq!(answering(&front), only(&["b"]));
    assert!(service.take() > 1);
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
    let codes: Vec<String> = (0..20).map(|_| run("curl", &code, "").1).collect();
    // The node itself takes none.
    assert!(codes.iter().all(|it| ["503", "405"].contains(&it.as_str())));
    let lost = codes.iter().filter(|it| *it == "503").count();
    assert!(lost > 1);
    assert_eq!(service.take(), lost);
}
