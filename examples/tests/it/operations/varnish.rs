//! Varnish in front of two nodes.

use super::file::File;
use super::pair::{Pair, answering, only, port};
use super::program::{Program, free_address, run};

#[test]
fn varnish_leaves_a_sick_node_alone() {
    let pair = Pair::start("varnish");
    let front = free_address();
    let file = File::read("varnish.vcl")
        .with(r#""8080""#, &format!("{:?}", port(&pair.a)))
        .with(r#""8081""#, &format!("{:?}", port(&pair.b)))
        .with(".interval = 2s", ".interval = 100ms")
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
    let mut varnish = Program::start(&pair.directory, "varnishd", &arguments);
    let is = |name: &str, word: &str| {
        let (_, list) = run("varnishadm", &["-n", &state, "backend.list"], "");
        list.lines()
            .any(|line| line.contains(name) && line.contains(word))
    };
    varnish.wait("both healthy", || {
        is("node1", "healthy") && is("node2", "healthy")
    });
    assert_eq!(answering(&front), only(&["a", "b"]));

    pair.directory.remove("db-a");
    varnish.wait("a sick", || is("node1", "sick"));
    assert_eq!(answering(&front), only(&["b"]));

    pair.directory.remove("db-b");
    varnish.wait("both sick", || is("node2", "sick"));
    assert_eq!(answering(&front), only(&["503"]));

    pair.directory.write("db-a");
    varnish.wait("a healthy", || is("node1", "healthy"));
    assert_eq!(answering(&front), only(&["a"]));
}
