//! Decides which connection gives way when a newcomer arrives at the cap: first the oldest that
//! has completed no request, then the longest idle, then the response longest without progress.
//!
//! It does not close the one it names. A flood costs a constant per connection: newcomers stand
//! in the order of their arrival, and the idle are ranked once for many evictions, because a
//! connection that was used since it was ranked is skipped, and paid for by its use.

use std::collections::VecDeque;

/// Where a connection stands. Times order connections of one kind; smaller is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Ended, or already told to.
    Gone,
    /// Has completed no request.
    New,
    /// Between requests since.
    Idle(u64),
    /// In a request or response, last progress at.
    Busy(u64),
}

/// Why a connection was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    New,
    Idle,
    Busy,
}

/// A connection as the queue sees it.
pub(crate) trait Candidate: Clone {
    fn standing(&self) -> Standing;
}

/// All connections, in the order in which they would have to give way.
#[derive(Debug)]
pub(crate) struct Queue<C> {
    /// In order of arrival. Some may have completed a request since.
    newcomers: VecDeque<C>,
    /// Have completed a request. Unordered.
    settled: Vec<C>,
    /// The idle of `settled` as last ranked, the longest idle at the end.
    ranked: Vec<(u64, C)>,
}

impl<C: Candidate> Queue<C> {
    pub(crate) fn new() -> Self {
        Self {
            newcomers: VecDeque::new(),
            settled: Vec::new(),
            ranked: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, newcomer: C) {
        self.newcomers.push_back(newcomer);
    }

    /// Entries held, those of ended connections among them until they are swept.
    pub(crate) fn len(&self) -> usize {
        self.newcomers.len() + self.settled.len()
    }

    /// Forgets connections that have ended, and sorts out newcomers that have settled.
    pub(crate) fn sweep(&mut self) {
        self.ranked.clear();
        self.settled
            .retain(|candidate| candidate.standing() != Standing::Gone);
        for _ in 0..self.newcomers.len() {
            let Some(candidate) = self.newcomers.pop_front() else {
                break;
            };
            match candidate.standing() {
                Standing::Gone => {}
                Standing::New => self.newcomers.push_back(candidate),
                Standing::Idle(_) | Standing::Busy(_) => self.settled.push(candidate),
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &C> {
        self.newcomers.iter().chain(&self.settled)
    }

    /// The connection that gives way next; none if all have ended.
    pub(crate) fn next(&mut self) -> Option<(C, Rank)> {
        while let Some(candidate) = self.newcomers.pop_front() {
            match candidate.standing() {
                Standing::Gone => {}
                Standing::New => return Some((candidate, Rank::New)),
                Standing::Idle(_) | Standing::Busy(_) => self.settled.push(candidate),
            }
        }
        self.next_ranked()
            .or_else(|| {
                self.rank();
                self.next_ranked()
            })
            .map(|candidate| (candidate, Rank::Idle))
            .or_else(|| self.slowest().map(|candidate| (candidate, Rank::Busy)))
    }

    fn next_ranked(&mut self) -> Option<C> {
        while let Some((since, candidate)) = self.ranked.pop() {
            if candidate.standing() == Standing::Idle(since) {
                return Some(candidate);
            }
        }
        None
    }

    fn rank(&mut self) {
        let ranked = &mut self.ranked;
        self.settled.retain(|candidate| match candidate.standing() {
            Standing::Gone => false,
            Standing::Idle(since) => {
                ranked.push((since, candidate.clone()));
                true
            }
            Standing::New | Standing::Busy(_) => true,
        });
        ranked.sort_by_key(|(since, _)| *since);
        ranked.reverse();
    }

    /// Only reached when no connection is new or idle, which the next newcomer ends.
    fn slowest(&self) -> Option<C> {
        self.settled
            .iter()
            .filter_map(|candidate| match candidate.standing() {
                Standing::Busy(since) => Some((since, candidate)),
                _ => None,
            })
            .min_by_key(|(since, _)| *since)
            .map(|(_, candidate)| candidate.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[derive(Debug, Clone)]
    struct Peer(&'static str, Rc<Cell<Standing>>);

    impl Candidate for Peer {
        fn standing(&self) -> Standing {
            self.1.get()
        }
    }

    fn peer(name: &'static str, standing: Standing) -> Peer {
        Peer(name, Rc::new(Cell::new(standing)))
    }

    fn drain(queue: &mut Queue<Peer>) -> Vec<(&'static str, Rank)> {
        let mut order = Vec::new();
        while let Some((Peer(name, standing), rank)) = queue.next() {
            standing.set(Standing::Gone);
            order.push((name, rank));
        }
        order
    }

    #[test]
    fn the_order_is_new_then_idle_then_busy() {
        let mut queue = Queue::new();
        for peer in [
            peer("busy 3", Standing::Busy(3)),
            peer("idle 9", Standing::Idle(9)),
            peer("new a", Standing::New),
            peer("gone", Standing::Gone),
            peer("idle 2", Standing::Idle(2)),
            peer("busy 1", Standing::Busy(1)),
            peer("new b", Standing::New),
        ] {
            queue.push(peer);
        }
        assert_eq!(
            drain(&mut queue),
            [
                ("new a", Rank::New),
                ("new b", Rank::New),
                ("idle 2", Rank::Idle),
                ("idle 9", Rank::Idle),
                ("busy 1", Rank::Busy),
                ("busy 3", Rank::Busy),
            ]
        );
    }

    #[test]
    fn a_ranked_connection_that_was_used_since_keeps_its_place() {
        let mut queue = Queue::new();
        let old = peer("old", Standing::Idle(1));
        let used = peer("used", Standing::Idle(2));
        let young = peer("young", Standing::Idle(3));
        for peer in [&old, &used, &young] {
            queue.push(peer.clone());
        }
        assert_eq!(queue.next().map(|(peer, _)| peer.0), Some("old"));
        old.1.set(Standing::Gone);

        used.1.set(Standing::Idle(9));
        assert_eq!(
            drain(&mut queue),
            [("young", Rank::Idle), ("used", Rank::Idle)]
        );
    }

    #[test]
    fn the_busy_give_way_only_when_nobody_is_idle() {
        let mut queue = Queue::new();
        let busy = peer("busy", Standing::Busy(1));
        let other = peer("other", Standing::Busy(2));
        queue.push(busy.clone());
        queue.push(other.clone());
        assert_eq!(
            queue.next().map(|(peer, rank)| (peer.0, rank)),
            Some(("busy", Rank::Busy))
        );

        other.1.set(Standing::Idle(5));
        assert_eq!(
            queue.next().map(|(peer, rank)| (peer.0, rank)),
            Some(("other", Rank::Idle))
        );
    }

    #[test]
    fn newcomers_go_before_settled_ones_however_late_they_came() {
        let mut queue = Queue::new();
        for name in ["a", "b"] {
            queue.push(peer(name, Standing::Idle(0)));
        }
        assert_eq!(queue.next().map(|(peer, _)| peer.0), Some("a"));
        queue.push(peer("late", Standing::New));
        assert_eq!(
            queue.next().map(|(peer, rank)| (peer.0, rank)),
            Some(("late", Rank::New))
        );
    }

    #[test]
    fn a_sweep_forgets_the_ended_and_keeps_the_rest() {
        let mut queue = Queue::new();
        for peer in [
            peer("gone", Standing::Gone),
            peer("new", Standing::New),
            peer("idle", Standing::Idle(0)),
            peer("gone too", Standing::Gone),
        ] {
            queue.push(peer);
        }
        assert_eq!(queue.len(), 4);
        queue.sweep();
        assert_eq!(
            queue.iter().map(|peer| peer.0).collect::<Vec<_>>(),
            ["new", "idle"]
        );
        assert_eq!(queue.len(), 2);
    }

    /// Counts how often standings are read: what an eviction costs.
    #[test]
    fn a_flood_costs_a_constant_per_connection() {
        #[derive(Debug, Clone)]
        struct Counted(Rc<Cell<u64>>, Rc<Cell<Standing>>);
        impl Candidate for Counted {
            fn standing(&self) -> Standing {
                self.0.set(self.0.get() + 1);
                self.1.get()
            }
        }

        for first in [Standing::New, Standing::Idle(0)] {
            let reads = Rc::new(Cell::new(0));
            let mut queue = Queue::<Counted>::new();
            let cap = 1_000_u64;
            let flood = 100_000_u64;
            for at in 0..cap + flood {
                if at >= cap {
                    let (victim, _) = queue.next().unwrap();
                    victim.1.set(Standing::Gone);
                }
                let standing = if first == Standing::New {
                    first
                } else {
                    Standing::Idle(at)
                };
                queue.push(Counted(reads.clone(), Rc::new(Cell::new(standing))));
            }
            assert!(
                reads.get() <= 6 * flood,
                "{} reads for {flood} evictions",
                reads.get()
            );
        }
    }
}
