//! curl as a client: methods, versions, bodies that nobody wants, connections that are kept.

use super::program::run;
use crate::process::Node;

fn curl(arguments: &[&str]) -> String {
    let (good, said) = run(
        "curl",
        &[&["-sS", "--max-time", "10"], arguments].concat(),
        "x=1",
    );
    assert!(good, "{arguments:?}: {said}");
    said
}

#[test]
fn get_and_head_have_one_head() {
    let node = Node::start(&["--without-own-checks"]);
    node.wait_for("/ready", 200);
    for path in [
        "/ready",
        "/live",
        "/health/checks",
        "/metrics",
        "/health/ui",
        "/nothing",
    ] {
        let url = format!("{}{path}", node.address);
        let head = |flag: &[&str]| -> Vec<String> {
            let all = curl(&[flag, &["-D", "-", "-o", "/dev/null", &url]].concat());
            // What moves between two requests.
            all.lines()
                .filter(|line| !line.starts_with("content-length") && !line.starts_with("date"))
                .map(str::to_owned)
                .collect()
        };
        let (get, without_body) = (head(&[]), head(&["-I"]));
        assert!(get[0].starts_with("HTTP/1.1 "), "{path}: {get:?}");
        assert_eq!(get, without_body, "{path}");
    }
}

#[test]
fn every_way_of_asking_is_answered() {
    let node = Node::start(&["--without-own-checks"]);
    node.wait_for("/ready", 200);
    let url = format!("{}/ready", node.address);
    for (expected, arguments) in [
        ("200", &[][..]),
        ("200", &["--http1.0"]),
        ("200", &["-H", "Connection: close"]),
        ("200", &["-H", "Accept: application/health+json"]),
        // Bodies: with a length, chunked, and with the wait for 100.
        ("200", &["-X", "GET", "--data", "x=1"]),
        (
            "200",
            &[
                "-X",
                "GET",
                "-H",
                "Transfer-Encoding: chunked",
                "--data-binary",
                "@-",
            ],
        ),
        (
            "200",
            &["-X", "GET", "-H", "Expect: 100-continue", "--data", "x=1"],
        ),
        ("405", &["--data", "x=1"]),
        ("405", &["-X", "DELETE"]),
        // It speaks no HTTP/2, and says so by going on with 1.1.
        ("200", &["--http2"]),
    ] {
        let rest = ["-o", "/dev/null", "-w", "%{http_code}", &url];
        let got = curl(&[arguments, &rest].concat());
        assert_eq!(got, expected, "{arguments:?}");
    }
}

#[test]
fn a_connection_is_kept() {
    let node = Node::start(&["--without-own-checks"]);
    node.wait_for("/ready", 200);
    let urls = ["/ready", "/live", "/health"].map(|path| format!("{}{path}", node.address));
    let mut arguments = vec!["-w", "%{num_connects} "];
    for url in &urls {
        arguments.extend(["-o", "/dev/null", url]);
    }
    assert_eq!(curl(&arguments).trim(), "1 0 0");
}
