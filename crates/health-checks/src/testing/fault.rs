//! Which fault comes next: by a script, or by a seed. What a fault does is in the doubles.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::distributed::AdapterError;

/// What goes wrong in one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The call succeeds, and does nothing.
    Drop,
    /// The call succeeds, and has its effect so much later.
    Delay(Duration),
    /// The call succeeds, with one bit in the middle changed.
    Corrupt,
    /// The call has its effect twice.
    Duplicate,
    /// The call fails, without effect.
    Fail,
    /// The call never returns, and has no effect.
    Hang,
    /// The call has its effect, and never returns.
    HangAfter,
    /// The call panics.
    Panic,
}

/// The faults of one kind of call, one a call; none unless told otherwise. Clones
/// are the same one, so a test may change them at any time.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    script: VecDeque<Fault>,
    then: Fault,
    seeded: Option<(u64, Vec<Fault>)>,
}

impl Faults {
    /// The same fault in each call from now on.
    pub fn always(&self, fault: Fault) {
        self.script([], fault);
    }

    /// These faults, one a call, then always the last one given.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>, then: Fault) {
        *self.plan() = Plan {
            script: faults.into_iter().collect(),
            then,
            seeded: None,
        };
    }

    /// One of `among` in each call, at random, but the same for the same seed; a
    /// fault that is given twice comes twice as often. None if `among` is empty.
    pub fn seeded(&self, seed: u64, among: impl IntoIterator<Item = Fault>) {
        *self.plan() = Plan {
            seeded: Some((seed, among.into_iter().collect())),
            ..Plan::default()
        };
    }

    pub(super) fn next(&self) -> Fault {
        self.plan().next()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn next(&mut self) -> Fault {
        if let Some((state, among)) = &mut self.seeded {
            let most = u64::try_from(among.len()).unwrap_or(u64::MAX).max(1);
            let index = usize::try_from(split_mix(state) % most).unwrap_or_default();
            return among.get(index).copied().unwrap_or_default();
        }
        self.script.pop_front().unwrap_or(self.then)
    }
}

/// `SplitMix64`: the whole generator is three lines, and the same everywhere.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What a call that is to fail says.
pub(super) fn failure(call: &str) -> AdapterError {
    format!("{call} failed as the test wants it").into()
}

/// `bytes` with one bit in the middle changed; of none, one is made.
pub(super) fn corrupt(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    match bytes.get_mut(middle) {
        Some(byte) => *byte ^= 1,
        None => bytes.push(1),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(faults: &Faults, calls: usize) -> Vec<Fault> {
        (0..calls).map(|_| faults.next()).collect()
    }

    #[test]
    fn a_script_is_followed_to_its_end() {
        let faults = Faults::default();
        assert_eq!(first(&faults, 2), [Fault::None; 2]);
        faults.script([Fault::Drop, Fault::Fail], Fault::Hang);
        assert_eq!(
            first(&faults.clone(), 4),
            [Fault::Drop, Fault::Fail, Fault::Hang, Fault::Hang]
        );
        faults.always(Fault::None);
        assert_eq!(first(&faults, 2), [Fault::None; 2]);
    }

    #[test]
    fn a_seed_gives_the_same_faults_each_time() {
        let among = [Fault::None, Fault::None, Fault::Drop, Fault::Corrupt];
        let [one, two, other] = [7, 7, 8].map(|seed| {
            let faults = Faults::default();
            faults.seeded(seed, among);
            first(&faults, 1000)
        });
        assert_eq!(one, two);
        assert_ne!(one, other);
        let none = one.iter().filter(|fault| **fault == Fault::None).count();
        assert!((400..600).contains(&none), "{none}");
        let empty = Faults::default();
        empty.seeded(7, []);
        assert_eq!(first(&empty, 2), [Fault::None; 2]);
    }

    #[test]
    fn what_is_corrupt_differs() {
        for bytes in [&b""[..], b"x", b"message"] {
            assert_ne!(corrupt(bytes), bytes);
        }
    }
}
