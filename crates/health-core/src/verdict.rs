//! The answer to one probe, and the table of answers that the writer prepares.
//!
//! Pure packing; the atomics that publish a table are in `cell`.

use crate::status::NodeStatus;

/// The answer to a probe: a few bytes, cheap to compare.
///
/// ```
/// use health_core::{Health, NodeStatus, Probe};
/// let health = Health::new();
/// let verdict = health.verdict(Probe::Ready);
/// assert!(!verdict.passing);
/// assert_eq!(verdict.status, NodeStatus::Starting);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether the probe passes: 200 rather than 503.
    pub passing: bool,
    /// The status that the probe shows.
    pub status: NodeStatus,
    /// Evidence ran out before somebody recounted: the reader itself found the
    /// node stale (or, for liveness while stopping, past its deadline).
    pub stale: bool,
    /// Moves with every change of what this probe says; equal verdicts say the same.
    pub stamp: u64,
}

/// The verdicts for each set of expired classes, as one word.
///
/// Bits 0..16 hold four entries of status (3 bits) and passing (1 bit), indexed
/// by the mask of expired classes; bits 16..64 hold the stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table(pub(crate) u64);

const STAMP_SHIFT: u32 = 16;

impl Table {
    /// The entries in order of the mask: nothing expired, critical, non-critical, both.
    pub(crate) fn new(entries: [(NodeStatus, bool); 4]) -> Self {
        let pack =
            |(status, passing): (NodeStatus, bool)| (status as u64) << 1 | u64::from(passing);
        Self(
            entries
                .into_iter()
                .rev()
                .fold(0, |word, entry| word << 4 | pack(entry)),
        )
    }

    pub(crate) fn stamped(self, stamp: u64) -> Self {
        Self(self.0 & ((1 << STAMP_SHIFT) - 1) | stamp << STAMP_SHIFT)
    }

    pub(crate) fn stamp(self) -> u64 {
        self.0 >> STAMP_SHIFT
    }

    pub(crate) fn same_entries(self, other: Self) -> bool {
        self.stamped(0) == other.stamped(0)
    }

    pub(crate) fn verdict(self, expired: u64) -> Verdict {
        let entry = self.0 >> (4 * (expired & 3)) & 15;
        Verdict {
            passing: entry & 1 == 1,
            status: match entry >> 1 {
                0 => NodeStatus::Healthy,
                1 => NodeStatus::Degraded,
                3 => NodeStatus::Starting,
                4 => NodeStatus::Stopping,
                _ => NodeStatus::Unhealthy,
            },
            stale: expired != 0,
            stamp: self.stamp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_survives_packing() {
        for (i, status) in NodeStatus::ALL.iter().enumerate() {
            for passing in [false, true] {
                let mut entries = [(NodeStatus::Healthy, false); 4];
                entries[i % 4] = (*status, passing);
                let table = Table::new(entries).stamped(0xffff_ffff_ffff);
                let verdict = table.verdict(i as u64 % 4);
                assert_eq!((verdict.status, verdict.passing), (*status, passing));
                assert_eq!(verdict.stamp, 0xffff_ffff_ffff);
            }
        }
    }
}
