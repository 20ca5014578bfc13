//! Decides how long accepting pauses after it failed.
//!
//! It does not wait.

use std::io;
use std::time::Duration;

/// How long to wait after a failed accept; `None` if only that one connection failed.
pub(crate) fn backoff(error: &io::Error, failures: u32) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => None,
        _ => Some(Duration::from_millis(10 << failures.min(6))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_failures_back_off_up_to_a_bound() {
        let lacking = io::Error::from_raw_os_error(24);
        let waits: Vec<_> = [0, 1, 5, 6, 7, 1000].map(|n| backoff(&lacking, n)).to_vec();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(10), ms(20), ms(320), ms(640), ms(640), ms(640)]);
        assert_eq!(backoff(&io::ErrorKind::ConnectionAborted.into(), 3), None);
    }
}
