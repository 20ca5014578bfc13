//! What readers of one scope (a probe or a group) see, without a lock.
//!
//! One writer at a time (it holds the engine's lock) publishes a table of
//! verdicts and, for each impact that counts, a lower bound of the moment at
//! which evidence runs out. It decides nothing.
//!
//! The order makes it safe: the writer stores the table before it moves an
//! expiry, the reader loads the expiries before the table. So whoever sees a
//! later expiry also sees the table that the fresh evidence led to; whoever
//! sees the old expiry errs towards "stale". The loom test holds it.

#[cfg(health_loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(health_loom))]
use std::sync::atomic::{AtomicU64, Ordering};

use crate::moment::Moment;
use crate::verdict::{Table, Verdict};

#[derive(Debug)]
pub(crate) struct Cell {
    table: AtomicU64,
    expiries: [AtomicU64; 2],
    demand: AtomicU64,
}

impl Cell {
    pub(crate) fn new(table: Table) -> Self {
        let never = || AtomicU64::new(Moment::NEVER.0);
        Self {
            table: AtomicU64::new(table.0),
            expiries: [never(), never()],
            demand: never(),
        }
    }

    /// The verdict at `now`: three loads, whatever the number of checks.
    pub(crate) fn verdict(&self, now: Moment) -> Verdict {
        let expired = self.expired(now);
        Table(self.table.load(Ordering::Acquire)).verdict(expired)
    }

    /// The mask of classes whose evidence may have run out at `now`.
    pub(crate) fn expired(&self, now: Moment) -> u64 {
        let [critical, other] = &self.expiries;
        let passed = |expiry: &AtomicU64| u64::from(expiry.load(Ordering::Acquire) <= now.0);
        passed(critical) | passed(other) << 1
    }

    /// The table first, then the expiries: see the module's doc.
    pub(crate) fn publish(&self, table: Table, expiries: [Moment; 2]) {
        self.table.store(table.0, Ordering::Release);
        for (cell, moment) in self.expiries.iter().zip(expiries) {
            cell.store(moment.0, Ordering::Release);
        }
    }

    /// Whether an on-demand check of this scope may have outlived its TTL.
    pub(crate) fn demand_due(&self, now: Moment) -> bool {
        self.demand.load(Ordering::Acquire) <= now.0
    }

    pub(crate) fn set_demand(&self, due: Moment) {
        self.demand.store(due.0, Ordering::Release);
    }
}

#[cfg(all(test, health_loom))]
mod loom_tests {
    use super::*;
    use crate::status::NodeStatus::{Healthy, Unhealthy};
    use loom::{sync::Arc, thread};

    fn table(evident: crate::status::NodeStatus) -> Table {
        Table::new([
            (evident, evident == Healthy),
            (Unhealthy, false),
            (evident, evident == Healthy),
            (Unhealthy, false),
        ])
    }

    /// At 150 the first evidence (healthy until 100) is stale. The writer then
    /// records "unhealthy until 200". No reader may ever see healthy.
    #[test]
    fn loom_a_stale_healthy_is_never_read_past_its_expiry() {
        loom::model(|| {
            let cell = Arc::new(Cell::new(table(Healthy)));
            cell.publish(table(Healthy), [Moment(100), Moment::NEVER]);
            let writer = {
                let cell = cell.clone();
                thread::spawn(move || {
                    cell.publish(table(Unhealthy).stamped(1), [Moment(200), Moment::NEVER])
                })
            };
            let verdict = cell.verdict(Moment(150));
            assert!(!verdict.passing, "{verdict:?}");
            writer.join().unwrap();
            assert_eq!(cell.verdict(Moment(150)).stamp, 1);
        });
    }

    /// Two writes in a row, two readers: a reader's stamps never run backwards.
    #[test]
    fn loom_stamps_do_not_run_backwards() {
        loom::model(|| {
            let cell = Arc::new(Cell::new(table(Healthy)));
            let writer = {
                let cell = cell.clone();
                thread::spawn(move || {
                    cell.publish(table(Unhealthy).stamped(1), [Moment(10), Moment(10)]);
                    cell.publish(table(Healthy).stamped(2), [Moment(20), Moment(20)]);
                })
            };
            let first = cell.verdict(Moment(5));
            let second = cell.verdict(Moment(5));
            assert!(second.stamp >= first.stamp);
            assert_eq!(first.passing, first.stamp != 1);
            writer.join().unwrap();
        });
    }
}
