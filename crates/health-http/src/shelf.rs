//! The renderings of groups, single checks and histories, kept until what they show changes; a few
//! of them.
//!
//! It renders nothing. What is put away for want of room is rendered anew when asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use health_core::{CheckState, Spec};

use crate::stall_view::StallView;

/// How many renderings are kept.
const ROOM: usize = 64;

/// What a rendering shows. Equal for the same snapshot only.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// By the stamp of its report, which would live on here otherwise.
    Group(u64, StallView),
    Check(Arc<CheckState>),
    /// By the registration and its runs: whatever else befalls a check leaves its history as it is.
    History(Arc<Spec>, u64),
}

impl Shown {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group(one, stall), Self::Group(other, others)) => {
                one == other && stall == others
            }
            (Self::Check(one), Self::Check(other)) => Arc::ptr_eq(one, other),
            (Self::History(one, runs), Self::History(other, others)) => {
                Arc::ptr_eq(one, other) && runs == others
            }
            _ => false,
        }
    }

    /// Whether they are of the same kind.
    fn is_kin(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

#[derive(Debug)]
struct Rendering {
    name: Box<str>,
    slot: usize,
    shown: Shown,
    body: Bytes,
}

impl Rendering {
    /// Whether the next of the same takes its place.
    fn is_of(&self, name: &str, slot: usize, shown: &Shown) -> bool {
        self.slot == slot && self.shown.is_kin(shown) && &*self.name == name
    }
}

/// The last renderings, oldest first.
#[derive(Debug)]
pub(crate) struct Shelf {
    renderings: Mutex<VecDeque<Rendering>>,
    /// How many bytes they may have together; the last is kept whatever it has.
    bytes: usize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::of(usize::MAX)
    }
}

impl Shelf {
    pub(crate) fn of(bytes: usize) -> Self {
        Self {
            renderings: Mutex::default(),
            bytes,
        }
    }

    /// The rendering of that name, in the form of that slot.
    pub(crate) fn get(
        &self,
        name: &str,
        slot: usize,
        shown: Shown,
        render: impl FnOnce() -> Vec<u8>,
    ) -> Bytes {
        // Not under the lock: others read meanwhile, and at worst the same is rendered twice.
        self.kept(name, slot, &shown)
            .unwrap_or_else(|| self.keep(name, slot, shown, render()))
    }

    /// The same if it is there.
    pub(crate) fn kept(&self, name: &str, slot: usize, shown: &Shown) -> Option<Bytes> {
        let renderings = self.lock();
        let mut kept = renderings.iter();
        let kept = kept.find(|kept| kept.is_of(name, slot, shown))?;
        kept.shown.is(shown).then(|| kept.body.clone())
    }

    pub(crate) fn keep(&self, name: &str, slot: usize, shown: Shown, body: Vec<u8>) -> Bytes {
        // Without the room that it grew by, which would be kept and not counted.
        let body = Bytes::from(body.into_boxed_slice());
        let mut renderings = self.lock();
        renderings.retain(|kept| !kept.is_of(name, slot, &shown));
        let mut bytes = renderings.iter().map(|kept| kept.body.len()).sum::<usize>();
        while renderings.len() >= ROOM || bytes.saturating_add(body.len()) > self.bytes {
            let Some(oldest) = renderings.pop_front() else {
                break;
            };
            bytes -= oldest.body.len();
        }
        renderings.push_back(Rendering {
            name: name.into(),
            slot,
            shown,
            body: body.clone(),
        });
        body
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Rendering>> {
        self.renderings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health};

    #[test]
    fn what_did_not_change_is_rendered_once_and_room_is_bounded() {
        let health = Health::new();
        let part = health.component(ComponentSpec::new("part")).unwrap();
        let shelf = Shelf::default();
        let mut rendered = 0;
        let mut get = |name: &str, slot| {
            let check = health.check("part").unwrap();
            shelf.get(name, slot, Shown::Check(check), || {
                rendered += 1;
                format!("{name} {slot}").into()
            })
        };
        for slot in [0, 1, 0, 1] {
            assert_eq!(get("part", slot), format!("part {slot}"));
        }
        part.ready();
        assert_eq!(get("part", 0), "part 0");
        assert_eq!(get("part", 0), "part 0");
        for n in 0..1000 {
            get(&n.to_string(), 0);
        }
        assert_eq!(rendered, 3 + 1000);
        assert_eq!(shelf.lock().len(), ROOM);
    }

    #[test]
    fn bytes_are_bounded_and_the_last_is_kept() {
        let health = Health::new();
        let _part = health.component(ComponentSpec::new("part")).unwrap();
        let spec = Arc::clone(&health.check("part").unwrap().spec);
        let shelf = Shelf::of(10);
        let shown = |runs| Shown::History(Arc::clone(&spec), runs);
        for (name, length, kept) in [
            ("a", 4, &["a"][..]),
            ("b", 6, &["a", "b"]),
            ("a", 3, &["b", "a"]),
            ("c", 2, &["a", "c"]),
            ("d", 11, &["d"]),
            ("a", 1, &["a"]),
        ] {
            shelf.keep(name, 0, shown(0), vec![0; length]);
            let held: Vec<_> = shelf.lock().iter().map(|it| it.name.to_string()).collect();
            assert_eq!(held, kept);
        }
        assert!(shelf.kept("a", 0, &shown(0)).is_some());
        assert!(shelf.kept("a", 0, &shown(1)).is_none(), "it ran again");
    }

    #[test]
    fn a_group_and_a_check_of_one_name_do_not_meet() {
        let health = Health::new();
        let _part = health.component(ComponentSpec::new("part")).unwrap();
        let shelf = Shelf::default();
        let check = Shown::Check(health.check("part").unwrap());
        let group = Shown::Group(health.report().stamp, StallView::default());
        let of_check = shelf.get("part", 0, check.clone(), || b"check".to_vec());
        let of_group = shelf.get("part", 0, group, || b"group".to_vec());
        assert_ne!(of_check, of_group);
        assert_eq!(shelf.get("part", 0, check, Vec::new), of_check);
    }
}
