//! What a server counts: connections accepted, evicted and timed out, requests and refusals.
//!
//! It does not name metrics or render them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::bounds::Overdue;
use super::eviction::Rank;

/// The counters of one server, as they were at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted.
    pub accepted: u64,
    /// Requests that reached the service or were refused for their number.
    pub requests: u64,
    /// Requests answered 503 because too many were in flight.
    pub refused: u64,
    /// Evicted at the cap: connections that had completed no request.
    pub evicted_new: u64,
    /// Evicted at the cap: connections that waited between requests.
    pub evicted_idle: u64,
    /// Evicted at the cap: connections in the middle of a response.
    pub evicted_busy: u64,
    /// Cut for a request head that did not arrive in time.
    pub timed_out_header: u64,
    /// Closed after waiting too long between requests.
    pub timed_out_idle: u64,
    /// Cut for a response that the peer did not read.
    pub timed_out_write: u64,
    /// Closed for their age.
    pub timed_out_age: u64,
    /// Failures of accept, such as a lack of descriptors.
    pub accept_failures: u64,
    /// Connections cut because closing took longer than it may.
    pub cut_at_close: u64,
}

/// The live counters behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    accepted: AtomicU64,
    requests: AtomicU64,
    refused: AtomicU64,
    evicted: [AtomicU64; 3],
    timed_out: [AtomicU64; 4],
    accept_failures: AtomicU64,
    cut_at_close: AtomicU64,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn accepted(&self) {
        add(&self.accepted);
    }

    pub(crate) fn request(&self) {
        add(&self.requests);
    }

    pub(crate) fn refused(&self) {
        add(&self.refused);
    }

    pub(crate) fn evicted(&self, rank: Rank) {
        let [new, idle, busy] = &self.evicted;
        add(match rank {
            Rank::New => new,
            Rank::Idle => idle,
            Rank::Busy => busy,
        });
    }

    pub(crate) fn timed_out(&self, overdue: Overdue) {
        let [header, idle, write, age] = &self.timed_out;
        add(match overdue {
            Overdue::Header => header,
            Overdue::Idle => idle,
            Overdue::Write => write,
            Overdue::Age => age,
        });
    }

    pub(crate) fn accept_failed(&self) {
        add(&self.accept_failures);
    }

    pub(crate) fn cut_at_close(&self) {
        add(&self.cut_at_close);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [new, idle, busy] = &self.evicted;
        let [header, between, write, age] = &self.timed_out;
        Counts {
            accepted: read(&self.accepted),
            requests: read(&self.requests),
            refused: read(&self.refused),
            evicted_new: read(new),
            evicted_idle: read(idle),
            evicted_busy: read(busy),
            timed_out_header: read(header),
            timed_out_idle: read(between),
            timed_out_write: read(write),
            timed_out_age: read(age),
            accept_failures: read(&self.accept_failures),
            cut_at_close: read(&self.cut_at_close),
        }
    }
}
