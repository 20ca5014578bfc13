//! Positions as MariaDB's global transaction ids: for each domain, the last transaction. Pure.

use std::collections::BTreeMap;

/// The last sequence number of each domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gtids(BTreeMap<u32, u64>);

impl Gtids {
    /// Reads `domain-server-sequence`, divided by commas.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut domains = BTreeMap::new();
        for gtid in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let mut parts = gtid.split('-');
            let (domain, server, sequence) = (parts.next()?, parts.next()?, parts.next()?);
            let _: u32 = server.parse().ok()?;
            if parts.next().is_some() {
                return None;
            }
            domains.insert(domain.parse().ok()?, sequence.parse().ok()?);
        }
        Some(Self(domains))
    }

    /// How many transactions there are up to here, over all domains.
    pub(super) fn position(&self) -> u64 {
        self.0
            .values()
            .fold(0, |sum, last| sum.saturating_add(*last))
    }

    /// The same of those that are in domains of `leader`: a follower also remembers others.
    pub(super) fn position_in(&self, leader: &Self) -> u64 {
        let domains = leader.0.keys();
        let shared = domains.filter_map(|domain| self.0.get(domain));
        shared.fold(0, |sum, last| sum.saturating_add(*last))
    }

    /// Where both have come at least.
    pub(super) fn or_later(&self, other: &Self) -> Self {
        let mut later = self.clone();
        for (domain, last) in &other.0 {
            let mine = later.0.entry(*domain).or_default();
            *mine = (*mine).max(*last);
        }
        later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        for (text, expected) in [
            ("", Some(0)),
            ("0-1-100", Some(100)),
            ("0-1-100,1-2-50", Some(150)),
            ("0-1-100,\n1-2-50", Some(150)),
            ("4294967295-4294967295-18446744073709551615", Some(u64::MAX)),
            ("0-1-18446744073709551615,1-1-1", Some(u64::MAX)),
            ("0-1", None),
            ("0-1-2-3", None),
            ("0-1--2", None),
            ("0-x-2", None),
            ("4294967296-1-2", None),
            ("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", None),
        ] {
            let position = Gtids::read(text).map(|it| it.position());
            assert_eq!(position, expected, "{text}");
        }
    }

    #[test]
    fn domains_of_the_leader_count() {
        for (leader, follower, behind) in [
            ("0-1-100", "0-1-100", (100, 100)),
            ("0-1-100", "0-1-90,7-3-5000", (100, 90)),
            ("0-1-100,1-1-10", "0-1-100", (110, 100)),
            ("0-1-100,1-1-10", "1-1-10", (110, 10)),
            ("0-1-100", "", (100, 0)),
            ("0-2-3", "0-1-100", (3, 100)),
        ] {
            let (leader, follower) = (Gtids::read(leader).unwrap(), Gtids::read(follower).unwrap());
            let positions = (leader.position(), follower.position_in(&leader));
            assert_eq!(positions, behind, "{leader:?} {follower:?}");
        }
        let later = Gtids::read("0-1-5")
            .unwrap()
            .or_later(&Gtids::read("0-1-3,1-1-2").unwrap());
        assert_eq!(later, Gtids::read("0-1-5,1-1-2").unwrap());
    }
}
