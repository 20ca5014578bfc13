//! What the last few values of `Accept` came to: a client sends the same one each time, and to look
//! into it costs as much as the rest of an answer.
//!
//! It knows no rules (see [`negotiate`](crate::negotiate)), and waits for nobody.

use std::sync::Mutex;

use hyper::header::{ACCEPT, HeaderMap, HeaderValue};

use crate::dialect::Dialect;
use crate::negotiate::{negotiate, usual};

/// So many are kept; the clients of an endpoint are of few kinds.
const KEPT: usize = 16;
/// A longer one is not. What browsers send has 150 bytes.
const LONGEST: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Negotiator {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    entries: Vec<(Box<[u8]>, Dialect)>,
    /// The place of the next, once all are taken.
    next: usize,
}

impl Negotiator {
    /// The dialect of a report, as [`negotiate`] has it.
    pub(crate) fn dialect(&self, headers: &HeaderMap) -> Dialect {
        let mut values = headers.get_all(ACCEPT).iter();
        let (first, second) = (values.next(), values.next());
        if let Some(dialect) = usual(first, second) {
            return dialect;
        }
        match (first.map(HeaderValue::as_bytes), second) {
            (Some(accept), None) if accept.len() <= LONGEST => self.remembered(accept, headers),
            _ => negotiate(headers),
        }
    }

    fn remembered(&self, accept: &[u8], headers: &HeaderMap) -> Dialect {
        // Who would have to wait looks for himself, which takes a few microseconds.
        let Ok(mut known) = self.known.try_lock() else {
            return negotiate(headers);
        };
        known.get(accept).unwrap_or_else(|| {
            let dialect = negotiate(headers);
            known.keep(accept.into(), dialect);
            dialect
        })
    }
}

impl Known {
    fn get(&self, accept: &[u8]) -> Option<Dialect> {
        let mut entries = self.entries.iter();
        let (_, dialect) = entries.find(|(known, _)| **known == *accept)?;
        Some(*dialect)
    }

    fn keep(&mut self, accept: Box<[u8]>, dialect: Dialect) {
        match self.entries.get_mut(self.next) {
            Some(oldest) => *oldest = (accept, dialect),
            None => self.entries.push((accept, dialect)),
        }
        self.next = (self.next + 1) % KEPT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())])
    }

    fn known(negotiator: &Negotiator) -> usize {
        negotiator.known.lock().unwrap().entries.len()
    }

    #[test]
    fn what_is_remembered_is_what_it_came_to() {
        let negotiator = Negotiator::default();
        for _ in 0..2 {
            for (accept, expected) in [
                ("text/plain, */*;q=0.1", Dialect::Kubernetes),
                ("text/html, */*;q=0.8", Dialect::Native),
                ("application/health+json;q=0.2", Dialect::Ietf),
                ("nonsense", Dialect::Native),
            ] {
                assert_eq!(negotiator.dialect(&headers(accept)), expected, "{accept}");
            }
        }
        assert_eq!(known(&negotiator), 4);
    }

    #[test]
    fn what_needs_no_look_or_is_long_or_in_parts_is_not_kept() {
        let negotiator = Negotiator::default();
        let long = format!("text/plain;x={}", "y".repeat(LONGEST));
        for accept in ["*/*", "application/health+json", &long] {
            let headers = headers(accept);
            assert_eq!(negotiator.dialect(&headers), negotiate(&headers));
        }
        let mut parts = headers("text/html");
        parts.append(ACCEPT, "text/plain".parse().unwrap());
        assert_eq!(negotiator.dialect(&parts), Dialect::Kubernetes);
        assert_eq!(negotiator.dialect(&HeaderMap::new()), Dialect::Native);
        assert_eq!(known(&negotiator), 0);
    }

    #[test]
    fn strangers_displace_the_oldest_and_no_more_are_kept() {
        let negotiator = Negotiator::default();
        for number in 0..10_000 {
            let accept = format!("text/plain;x={number}");
            assert_eq!(
                negotiator.dialect(&headers(&accept)),
                Dialect::Kubernetes,
                "{number}"
            );
        }
        assert_eq!(known(&negotiator), KEPT);
    }

    #[test]
    fn who_would_have_to_wait_looks_for_himself() {
        let negotiator = Negotiator::default();
        let held = negotiator.known.lock().unwrap();
        let dialect = negotiator.dialect(&headers("text/plain, */*;q=0.1"));
        assert_eq!((dialect, held.entries.len()), (Dialect::Kubernetes, 0));
    }
}
