//! Where a server of Redis is expected, and none is, or one that says what none would.

use std::io::{BufRead as _, BufReader, Write as _};

use health_lag::Poller;
use health_lag::redis::{RedisPrimary, RedisReplica};

use crate::server::PASSWORD;
use crate::{raw, strangers};

fn sources(port: u16) -> Vec<Poller> {
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{port}");
    let alone = RedisReplica::connect("f", &url).unwrap();
    let both = RedisReplica::connect("f", &url).unwrap();
    vec![
        Poller::new("primary", RedisPrimary::connect(&url).unwrap()),
        Poller::new("alone", alone),
        Poller::new("both", both.primary(&url).unwrap()),
    ]
}

#[tokio::test]
async fn are_no_data() {
    strangers::are_no_data(strangers::all(), sources).await;
}

/// Takes every login, and answers `INFO` with this.
fn informs(info: &'static str) -> u16 {
    raw::serve(move |stream| {
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        while let Some(line) = lines.next() {
            // Of a command only its name matters, which is the word after the number of words.
            if !line.starts_with('*') {
                continue;
            }
            let words: usize = line[1..].parse().unwrap_or(0);
            let words: Vec<_> = lines.by_ref().take(2 * words).collect();
            let answer = if words.iter().any(|word| word.eq_ignore_ascii_case("info")) {
                info
            } else {
                "+OK\r\n"
            };
            let _ = (&stream).write_all(answer.as_bytes());
        }
    })
}

#[tokio::test]
async fn servers_that_say_what_none_would_are_no_data() {
    const ANSWERS: &[&str] = &[
        "does not answer as it should",
        "redis cannot be asked; see the log",
    ];
    let strangers = [
        "+OK\r\n",
        "$-1\r\n",
        ":7\r\n",
        "*0\r\n",
        "$9\r\nsw0rdfish\r\n",
        "$0\r\n\r\n",
        "-WHAT sw0rdfish\r\n",
        "$11\r\nrole:nobody\r\n",
        "$11\r\nrole:master\r\n",
        "$10\r\nrole:slave\r\n",
    ];
    let strangers = strangers
        .map(|info| (info.trim_end(), informs(info), ANSWERS))
        .to_vec();
    strangers::are_no_data(strangers, sources).await;
}
