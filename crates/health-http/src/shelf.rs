//! The renderings of groups and of single checks, kept until what they show changes; a few of them.
//!
//! It renders nothing. What is put away for want of room is rendered anew when asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use health_core::CheckState;

use crate::stall_view::StallView;

/// How many renderings are kept.
const ROOM: usize = 64;

/// What a rendering shows. Equal for the same snapshot only.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// By the stamp of its report, which would live on here otherwise.
    Group(u64, StallView),
    Check(Arc<CheckState>),
}

impl Shown {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group(one, stall), Self::Group(other, others)) => {
                one == other && stall == others
            }
            (Self::Check(one), Self::Check(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Whether they are of one group, or one check.
    fn is_kin(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Group(..), Self::Group(..)) | (Self::Check(_), Self::Check(_))
        )
    }
}

#[derive(Debug)]
struct Rendering {
    name: Box<str>,
    slot: usize,
    shown: Shown,
    body: Bytes,
}

/// The last renderings, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    renderings: Mutex<VecDeque<Rendering>>,
}

impl Shelf {
    /// The rendering of the group or check of that name, in the form of that slot.
    pub(crate) fn get(
        &self,
        name: &str,
        slot: usize,
        shown: Shown,
        render: impl FnOnce() -> Vec<u8>,
    ) -> Bytes {
        let is_wanted = |kept: &Rendering| {
            kept.slot == slot && kept.shown.is_kin(&shown) && &*kept.name == name
        };
        let kept = self.lock().iter().find(|kept| is_wanted(kept)).map(|kept| {
            let fresh = kept.shown.is(&shown);
            fresh.then(|| kept.body.clone())
        });
        if let Some(Some(body)) = kept {
            return body;
        }
        // Not under the lock: others read meanwhile, and at worst the same is rendered twice.
        let body = Bytes::from(render());
        let mut renderings = self.lock();
        renderings.retain(|kept| !is_wanted(kept));
        if renderings.len() >= ROOM {
            renderings.pop_front();
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
