//! Positions as sets of MySQL's global transaction ids: all transactions that a server has. Pure.
//!
//! MariaDB's ids, of which the last tells all, are in `gtid`.

use std::collections::BTreeMap;

/// As MySQL defines it: below 2^63 - 1.
const LARGEST: u64 = i64::MAX as u64 - 1;
const LONGEST_TAG: usize = 32;

/// The transactions of a set, by the server that they come from and, since MySQL 8.3, their tag:
/// from and to of each run of them, sorted and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GtidSet(BTreeMap<(u128, String), Vec<(u64, u64)>>);

impl GtidSet {
    /// Reads `uuid:1-5:7:tag:1-3`, divided by commas, as MySQL prints it: white space is none.
    /// `None` if it is anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut runs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for set in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let mut parts = set.split(':').map(str::trim);
            let source = uuid(parts.next()?)?;
            let (mut name, mut count) = (String::new(), None);
            for part in parts {
                if let Some(run) = run(part) {
                    count = Some(());
                    runs.entry((source, name.clone())).or_default().push(run);
                } else {
                    // A tag has transactions, before the next one begins and the set ends.
                    if count.take().is_none() && !name.is_empty() {
                        return None;
                    }
                    name = tag(part)?;
                }
            }
            count?;
        }
        for runs in runs.values_mut() {
            join(runs);
        }
        Some(Self(runs))
    }

    /// How many transactions there are.
    pub(super) fn position(&self) -> u64 {
        let runs = self.0.values().flatten();
        runs.fold(0, |sum, (from, to)| sum.saturating_add(to - from + 1))
    }

    /// How many of those of `leader` are here: a follower may have others of its own.
    pub(super) fn position_in(&self, leader: &Self) -> u64 {
        let shared = self.0.iter().filter_map(|(from, mine)| {
            let theirs = leader.0.get(from)?;
            Some(shared(mine, theirs))
        });
        shared.fold(0, u64::saturating_add)
    }

    /// What either has.
    pub(super) fn or(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (from, theirs) in &other.0 {
            let runs = all.0.entry(from.clone()).or_default();
            runs.extend(theirs);
            join(runs);
        }
        all
    }
}

/// 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
fn uuid(text: &str) -> Option<u128> {
    let mut groups = text.split('-');
    let mut digits = String::with_capacity(32);
    for length in [8, 4, 4, 4, 12] {
        let group = groups.next()?;
        if group.len() != length || !group.bytes().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        digits.push_str(group);
    }
    groups.next().is_none().then_some(())?;
    u128::from_str_radix(&digits, 16).ok()
}

/// A letter or an underscore, and up to 31 of these and digits, in any case.
fn tag(text: &str) -> Option<String> {
    let is_good = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_tag = begins && text.len() <= LONGEST_TAG && text.bytes().all(is_good);
    is_tag.then(|| text.to_ascii_lowercase())
}

/// `7` or `1-5`.
fn run(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (number(from)?, number(to)?);
    (1 <= from && from <= to && to <= LARGEST).then_some((from, to))
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Sorts them, and makes one of those that touch.
fn join(runs: &mut Vec<(u64, u64)>) {
    runs.sort_unstable();
    runs.dedup_by(|(from, to), (_, last)| {
        // No run goes beyond `LARGEST`.
        let touches = *from <= *last + 1;
        if touches {
            *last = (*last).max(*to);
        }
        touches
    });
}

/// How many are in both.
fn shared(mine: &[(u64, u64)], theirs: &[(u64, u64)]) -> u64 {
    let mut theirs = theirs.iter().copied().peekable();
    let mut count = 0_u64;
    for &(from, to) in mine {
        while let Some(&(begin, end)) = theirs.peek() {
            let (first, last) = (from.max(begin), to.min(end));
            if first <= last {
                count = count.saturating_add(last - first + 1);
            }
            if end > to {
                break;
            }
            theirs.next();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "3E11FA47-71CA-11E1-9E33-C80AA9429562";
    const B: &str = "896e7882-18fe-11ef-ab88-22222d34d411";

    /// With the two servers by a letter.
    fn spelt(text: &str) -> String {
        text.replace('A', A).replace('B', B)
    }

    fn set(text: &str) -> GtidSet {
        GtidSet::read(&spelt(text)).unwrap()
    }

    #[test]
    fn sets_as_mysql_prints_them() {
        for (text, position) in [
            ("", Some(0)),
            (" \n", Some(0)),
            ("A:1", Some(1)),
            ("A:1-5", Some(5)),
            ("A:1-5:7-9", Some(8)),
            ("A:1-5:7", Some(6)),
            ("A:1-5:7-9,B:1-3", Some(11)),
            ("A:1-5,\nB:1-3", Some(8)),
            (" A : 1 - 5 : 7 , B:1-3 ", Some(9)),
            ("A:1-5,", Some(5)),
            // The same twice, overlapping, touching, out of order: each counts once.
            ("A:1-5:1-5", Some(5)),
            ("A:1-5:3-9:10", Some(10)),
            ("A:7-9:1-5", Some(8)),
            ("A:1-9:2-3", Some(9)),
            ("A:1-5,A:4-6", Some(6)),
            // Tagged, since 8.3: one server's tags follow each other.
            ("A:tag:1-5", Some(5)),
            ("A:1-3:aaaa:1:abc:1-3,B:1-2", Some(9)),
            ("A:Domain_1:1-3:15-21,\nA:domain_1:1-4,A:1", Some(12)),
            ("A:_x9:1", Some(1)),
            // As many as there can be, and more than can be counted.
            ("A:1-9223372036854775806", Some(LARGEST)),
            (
                "A:1-9223372036854775806,B:1-9223372036854775806:t:1-9223372036854775806",
                Some(u64::MAX),
            ),
        ] {
            let set = GtidSet::read(&spelt(text));
            assert_eq!(set.as_ref().map(GtidSet::position), position, "{text}");
            // A server whose letters are smaller is the same one.
            assert_eq!(GtidSet::read(&spelt(text).to_lowercase()), set, "{text}");
        }
        let (upper, lower) = (set("A:1"), spelt("A:1").to_lowercase());
        assert_eq!(Some(upper), GtidSet::read(&lower));
    }

    #[test]
    fn what_is_no_set() {
        for text in [
            "A",
            "A:",
            "A::1",
            "A:1:",
            "A:0",
            "A:0-5",
            "A:5-3",
            "A:1-",
            "A:-1",
            "A:1--2",
            "A:1-2-3",
            "A:+1",
            "A:1-9223372036854775807",
            "A:18446744073709551616",
            "A:1-99999999999999999999999999",
            "A:tag",
            "A:1:tag",
            "A:one:two:1",
            "A:9tag:1",
            "A:ta-g:1",
            "A:täg:1",
            "A:ttttttttttttttttttttttttttttttttt:1",
            "A-1:1",
            "3E11FA4771CA11E19E33C80AA9429562:1",
            "3E11FA47-71CA-11E1-9E33-C80AA942956:1",
            "3E11FA47-71CA-11E1-9E33-C80AA942956G:1",
            "3E11FA47-71CA-11E1-9E3-3C80AA9429562:1",
            ":1-5",
            "0-1-100",
            "ä",
        ] {
            assert_eq!(GtidSet::read(&spelt(text)), None, "{text}");
        }
    }

    #[test]
    fn a_set_of_very_many_runs() {
        let runs: Vec<_> = (0..200_000).map(|n| format!("{}", 2 * n + 1)).collect();
        let many = GtidSet::read(&format!("{B}:{}", runs.join(":"))).unwrap();
        assert_eq!(many.position(), 200_000);
        assert_eq!(many.position_in(&set("B:1-400000")), 200_000);
        assert_eq!(set("B:1-400000").position_in(&many), 200_000);
        assert_eq!(many.or(&set("B:1-400000")), set("B:1-400000"));
    }

    #[test]
    fn what_a_follower_has_of_its_leader() {
        for (leader, follower, positions) in [
            ("A:1-100", "A:1-100", (100, 100)),
            ("A:1-100", "A:1-90", (100, 90)),
            // Its own count for nothing.
            ("A:1-100", "A:1-90,B:1-5000", (100, 90)),
            // After a failover the old one's count on.
            ("A:1-100,B:1-10", "A:1-100", (110, 100)),
            ("A:1-100", "A:1-40:50-60", (100, 51)),
            ("A:1-10:20-30", "A:5-25", (21, 12)),
            ("A:1-10", "A:tag:1-10", (10, 0)),
            ("A:1-10:tag:1-4", "A:tag:1-2:x:7", (14, 2)),
            ("A:1-100", "", (100, 0)),
            ("", "A:1-100", (0, 0)),
            // The leader forgot all, and began anew.
            ("A:1-3", "A:1-100", (3, 3)),
        ] {
            let (leader, follower) = (set(leader), set(follower));
            let found = (leader.position(), follower.position_in(&leader));
            assert_eq!(found, positions, "{leader:?} {follower:?}");
        }
        assert_eq!(
            set("A:1-5,B:t:3").or(&set("A:4-9,B:2")),
            set("A:1-9,B:2:t:3")
        );
    }

    type Plain = std::collections::BTreeSet<u64>;

    fn printed(plain: &Plain) -> String {
        let ids: Vec<_> = plain.iter().map(|id| format!(":{id}")).collect();
        if ids.is_empty() {
            String::new()
        } else {
            format!("{A}{}", ids.concat())
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(
            mine in proptest::collection::btree_set(1_u64..60, 0..40),
            theirs in proptest::collection::btree_set(1_u64..60, 0..40),
        ) {
            let read = |plain: &Plain| GtidSet::read(&printed(plain)).unwrap();
            let (a, b) = (read(&mine), read(&theirs));
            prop_assert_eq!(a.position(), mine.len() as u64);
            prop_assert_eq!(a.position_in(&b), mine.intersection(&theirs).count() as u64);
            prop_assert_eq!(a.or(&b), read(&mine.union(&theirs).copied().collect()));
        }

        #[test]
        fn nothing_makes_it_panic(text in "[0-9a-fA-F:,\\- \n_xé]{0,80}") {
            let _ = GtidSet::read(&text);
        }
    }
}
