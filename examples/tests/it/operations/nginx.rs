//! nginx in front of two nodes: it learns of an outage from the requests alone.

use super::file::File;
use super::pair::{Pair, answering, host, only};
use super::program::{Program, free_address, get};

#[test]
fn nginx_asks_the_other_node_and_answers_for_none() {
    let pair = Pair::start("nginx");
    let front = free_address();
    let within = |name: &str| pair.directory.path(name).display().to_string();
    let file = File::read("nginx.conf")
        .with("127.0.0.1:8000", &front)
        .with("127.0.0.1:8080", host(&pair.a))
        .with("127.0.0.1:8081", host(&pair.b))
        .with("/run/nginx.pid", &within("nginx.pid"))
        .with("/var/log/nginx/error.log", &within("error.log"))
        .with("fail_timeout=5s", "fail_timeout=1s")
        .put(&pair.directory);
    let arguments = ["-c", &file, "-e", "stderr", "-g", "daemon off;"];
    let mut nginx = Program::start(&pair.directory, "nginx", &arguments);
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
