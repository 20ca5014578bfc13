//! All slots, sorted by name, as a persistent list: readers hold one version of
//! it while a registration makes the next.
//!
//! Chunks bound what a registration copies, so that ten thousand of them in a
//! row do not become quadratic. It knows nothing of what is in a slot.

use std::sync::Arc;

use crate::slot::Slot;

/// The most slots in one chunk.
const CHUNK: usize = 128;

type Chunk = Arc<Vec<Arc<Slot>>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    chunks: Vec<Chunk>,
}

impl Directory {
    /// The chunk that holds `name`, or where it belongs.
    fn chunk_of(&self, name: &str) -> usize {
        let after = self
            .chunks
            .partition_point(|chunk| chunk.first().is_some_and(|slot| &*slot.name <= name));
        after.saturating_sub(1)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Slot>> {
        let chunk = self.chunks.get(self.chunk_of(name))?;
        let at = chunk.binary_search_by(|slot| (*slot.name).cmp(name)).ok()?;
        chunk.get(at)
    }

    /// This directory with `slot`, which replaces one of the same name.
    pub(crate) fn with(&self, slot: Arc<Slot>) -> Self {
        let mut next = self.clone();
        let index = next.chunk_of(&slot.name);
        let Some(chunk) = next.chunks.get_mut(index) else {
            return Self {
                chunks: vec![Arc::new(vec![slot])],
            };
        };
        let slots = Arc::make_mut(chunk);
        match slots.binary_search_by(|held| held.name.cmp(&slot.name)) {
            Ok(at) => {
                if let Some(held) = slots.get_mut(at) {
                    *held = slot;
                }
            }
            Err(at) => slots.insert(at, slot),
        }
        if slots.len() > CHUNK {
            let upper = slots.split_off(CHUNK / 2);
            next.chunks.insert(index + 1, Arc::new(upper));
        }
        next
    }

    /// This directory without `slot` itself; one of the same name stays.
    pub(crate) fn without(&self, slot: &Arc<Slot>) -> Self {
        let mut next = self.clone();
        let index = next.chunk_of(&slot.name);
        if let Some(chunk) = next.chunks.get_mut(index) {
            Arc::make_mut(chunk).retain(|held| !Arc::ptr_eq(held, slot));
            if chunk.is_empty() {
                next.chunks.remove(index);
            }
        }
        next
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::entry::{Entry, Key};
    use crate::moment::{Moment, Now};
    use crate::spec::Spec;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    fn slot(name: &str) -> Arc<Slot> {
        let now = Now {
            mono: Moment(0),
            wall: SystemTime::UNIX_EPOCH,
        };
        Entry::new(
            Key {
                index: 0,
                serial: 0,
            },
            Spec::new(name),
            false,
            now,
        )
        .slot
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn it_is_a_sorted_map(steps in prop::collection::vec((0..400u32, prop::bool::weighted(0.7)), 0..800)) {
            let mut directory = Directory::default();
            let mut model: BTreeMap<String, Arc<Slot>> = BTreeMap::new();
            for (n, insert) in steps {
                let name = format!("check-{n}");
                if insert {
                    let slot = slot(&name);
                    directory = directory.with(Arc::clone(&slot));
                    model.insert(name, slot);
                } else if let Some(held) = model.remove(&name) {
                    directory = directory.without(&held);
                }
            }
            let names: Vec<_> = directory.iter().map(|slot| slot.name.to_string()).collect();
            prop_assert_eq!(&names, &model.keys().cloned().collect::<Vec<_>>());
            prop_assert_eq!(directory.len(), model.len());
            for (name, slot) in &model {
                prop_assert!(Arc::ptr_eq(directory.get(name).unwrap(), slot));
            }
            prop_assert!(directory.get("nobody").is_none());
        }
    }
}
