//! Varnish in front of two nodes.

use super::file::File;
use super::pair::{Pair, answering, only, port};
use super::program::{Program, free_address, run};

/// A running Varnish.
struct Proxy {
    program: Program,
    front: String,
    state: String,
}

impl Proxy {
    fn start(pair: &Pair, interval: &str) -> Self {
        let front = free_address();
        let file = File::read("varnish.vcl")
            .with(r#""8080""#, &format!("{:?}", port(&pair.a)))
            .with(r#""8081""#, &format!("{:?}", port(&pair.b)))
            .with(".interval = 2s", &format!(".interval = {interval}"))
            .put(&pair.directory);
        let state = pair.directory.path("varnish").display().to_string();
        let arguments = [
            "-F",
            "-f",
            &file,
            "-a",
            &front,
            "-n",
            &state,
            "-s",
            "malloc,16m",
        ];
        let program = Program::start(&pair.directory, "varnishd", &arguments);
        Self {
            program,
            front,
            state,
        }
    }

    /// Waits until a backend is as it says.
    fn wait(&mut self, name: &str, word: &str) {
        let state = &self.state;
        self.program.wait(&format!("{name} {word}"), || {
            let (_, list) = run("varnishadm", &["-n", state, "backend.list"], "");
            let mut lines = list.lines();
            lines.any(|line| line.contains(name) && line.contains(word))
        });
    }
}

#[test]
fn varnish_leaves_a_sick_node_alone() {
    let pair = Pair::start("varnish");
    let mut varnish = Proxy::start(&pair, "100ms");
    varnish.wait("node1", "healthy");
    varnish.wait("node2", "healthy");
    assert_eq!(answering(&varnish.front), only(&["a", "b"]));

    pair.directory.remove("db-a");
    varnish.wait("node1", "sick");
    assert_eq!(answering(&varnish.front), only(&["b"]));

    pair.directory.remove("db-b");
    varnish.wait("node2", "sick");
    assert_eq!(answering(&varnish.front), only(&["503"]));

    pair.directory.write("db-a");
    varnish.wait("node1", "healthy");
    assert_eq!(answering(&varnish.front), only(&["a"]));
}

/// As after each reload. The second question would come when the test is over.
#[test]
fn varnish_trusts_a_node_that_has_passed_once() {
    let pair = Pair::start("varnish-once");
    pair.directory.remove("db-b");
    pair.b.wait_for("/ready", 503);
    let mut varnish = Proxy::start(&pair, "1h");
    varnish.wait("node1", "healthy");
    varnish.wait("node2", "sick");
    assert_eq!(answering(&varnish.front), only(&["a"]));
}
