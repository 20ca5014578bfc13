//! Two nodes for a proxy, each of which can be made ill.

use std::collections::BTreeSet;

use super::program::get;
use crate::process::{Directory, Node};

/// Nodes `a` and `b`, whose critical check `db` and other check `cache` look for a file each.
pub(super) struct Pair {
    pub(super) directory: Directory,
    pub(super) a: Node,
    pub(super) b: Node,
}

impl Pair {
    /// Starts them healthy.
    pub(super) fn start(test: &str) -> Self {
        let directory = Directory::new(test);
        let start = |id: &str| {
            let (db, cache) = (format!("db-{id}"), format!("cache-{id}"));
            directory.write(&db);
            directory.write(&cache);
            let db = directory.check(&db, ":critical");
            let cache = directory.check(&cache, "");
            let arguments = [
                "--node-id",
                id,
                "--interval",
                "50ms",
                "--without-own-checks",
            ];
            let checks = ["--file-check", &db, "--file-check", &cache];
            let node = Node::start(&[&arguments[..], &checks].concat());
            node.wait_until("/health", |_, body| body.contains(r#""status":"healthy""#));
            node
        };
        let (a, b) = (start("a"), start("b"));
        Self { directory, a, b }
    }
}

pub(super) fn host(node: &Node) -> &str {
    node.address.strip_prefix("http://").unwrap()
}

pub(super) fn port(node: &Node) -> &str {
    node.address.rsplit(':').next().unwrap()
}

/// Who answers at a proxy: the nodes behind 20 requests, and the codes that had no node behind them.
pub(super) fn answering(proxy: &str) -> BTreeSet<String> {
    (0..20)
        .map(|_| {
            let (code, body) = get(&format!("http://{proxy}/health"));
            let json = serde_json::from_str(&body).unwrap_or(serde_json::Value::Null);
            match (code, json["node_id"].as_str()) {
                (200, Some(node)) => node.to_owned(),
                _ => code.to_string(),
            }
        })
        .collect()
}

/// Such a set.
pub(super) fn only(who: &[&str]) -> BTreeSet<String> {
    who.iter().map(|one| (*one).to_owned()).collect()
}
