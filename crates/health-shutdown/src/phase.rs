//! The phases of a shutdown, in their order. Nothing here knows how long they take.

use std::fmt;

use serde::{Serialize, Serializer};

/// A step of the shutdown. Each ends before the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Readiness fails; pre-shutdown hooks run.
    Announce,
    /// Load balancers notice, and send no more; everything is still served.
    DrainDelay,
    /// No new work is taken in.
    StopIntake,
    /// Work under way is finished.
    DrainInFlight,
    /// What runs in the background ends.
    StopServices,
    /// What is buffered is written.
    Flush,
    /// Pools, files and connections are closed.
    CloseResources,
    /// What must outlive all else, such as the health endpoint.
    Final,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::Announce,
        Self::DrainDelay,
        Self::StopIntake,
        Self::DrainInFlight,
        Self::StopServices,
        Self::Flush,
        Self::CloseResources,
        Self::Final,
    ];

    /// Its name on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::DrainDelay => "drain_delay",
            Self::StopIntake => "stop_intake",
            Self::DrainInFlight => "drain_in_flight",
            Self::StopServices => "stop_services",
            Self::Flush => "flush",
            Self::CloseResources => "close_resources",
            Self::Final => "final",
        }
    }

    /// The one after it.
    pub(crate) fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leads_to_the_next() {
        let mut walked = vec![Phase::Announce];
        while let Some(next) = walked[walked.len() - 1].next() {
            walked.push(next);
        }
        assert_eq!(walked, Phase::ALL);
        assert!(walked.is_sorted());
    }
}
