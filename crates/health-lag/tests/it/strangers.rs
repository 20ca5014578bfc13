//! What is no such server, or not at all well: nothing there, silence, nonsense, another protocol.
//! Each is no data with a reason, never a lag of zero, and none of its words reaches a reader.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use health_lag::{Condition, LagMonitor, Poller};

use crate::raw;
use crate::server::{PASSWORD, free_port};

/// How long a poll may take, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(2);
/// Of whom nothing was ever heard, it is said after 30 s.
const LATER: Duration = Duration::from_secs(31);

/// What it does, who it is, and what is said of it.
type Stranger = (&'static str, u16, &'static [&'static str]);

const FOREIGN: &[&str] = &[
    "does not answer as it should",
    "closed the connection",
    "cannot be",
    "no TLS",
    "gave no answer within 2s",
];

fn says(words: &'static [u8]) -> u16 {
    raw::serve(move |mut stream| {
        let _ = stream.write_all(words);
        raw::hang(&stream);
    })
}

fn says_and_goes(words: &'static [u8]) -> u16 {
    raw::serve(move |mut stream| {
        let _ = stream.write_all(words);
        // What was not read would reset the connection.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        raw::hang(&stream);
    })
}

fn says_without_end(words: &'static [u8]) -> u16 {
    raw::serve(move |mut stream: TcpStream| while stream.write_all(words).is_ok() {})
}

/// Those that no source is to understand.
pub(crate) fn all() -> Vec<Stranger> {
    vec![
        ("nobody", free_port(), &["accepts no connection; start it"]),
        ("silence", says(b""), &["gave no answer within 2s"]),
        ("leaves at once", says_and_goes(b""), FOREIGN),
        ("zeros", says_without_end(&[0; 4_096]), FOREIGN),
        ("ones", says_without_end(&[0xff; 4_096]), FOREIGN),
        ("words", says_without_end(b"sw0rdfish\r\n"), FOREIGN),
        (
            "HTTP",
            says_and_goes(b"HTTP/1.1 400 sw0rdfish\r\nconnection: close\r\n\r\n"),
            FOREIGN,
        ),
        (
            "an alert of TLS",
            says_and_goes(b"\x15\x03\x01\0\x02\x02\x28"),
            FOREIGN,
        ),
        (
            "the begin of SSH",
            says(b"SSH-2.0-OpenSSH_9.2\r\n"),
            FOREIGN,
        ),
        (
            "a part of a long answer",
            says(b"$999999999\r\nsw0rdfish"),
            FOREIGN,
        ),
    ]
}

/// Each of the sources that `of` makes of a port, polled at each of the strangers.
pub(crate) async fn are_no_data(strangers: Vec<Stranger>, of: impl Fn(u16) -> Vec<Poller>) {
    let mut underway = Vec::new();
    for (what, port, words) in strangers {
        for (number, poller) in of(port).into_iter().enumerate() {
            let monitor = LagMonitor::new();
            let polling = poller
                .every(Duration::from_millis(10))
                .timeout(LIMIT)
                .start(monitor.sink("leader").expect("f").unwrap())
                .unwrap();
            underway.push((
                format!("source {number} at {what}"),
                words,
                monitor,
                polling,
            ));
        }
    }
    for (what, words, monitor, polling) in underway {
        let mut watch = polling.watch();
        let mut state = watch.next().await.unwrap();
        // One that was seen once is seen alike again.
        while state.polls < 2 {
            state = watch.next().await.unwrap();
        }
        let Some(error) = &state.error else {
            panic!("{what}: {state:?}")
        };
        let said = error.message();
        assert!(
            words.iter().any(|words| said.contains(words)),
            "{what}: {said}"
        );
        assert!(
            !format!("{state:?}").contains(PASSWORD),
            "{what}: {state:?}"
        );
        let follower = monitor.get("f").unwrap();
        let status = follower.status_at(monitor.now() + LATER).unwrap();
        assert_eq!((status.samples, status.lag), (0, None), "{what}");
        assert!(status.conditions.has(Condition::NoData), "{what}");
        assert!(
            status.explain().contains(said),
            "{what}: {}",
            status.explain()
        );
    }
}
