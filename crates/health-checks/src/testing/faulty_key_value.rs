//! A store whose calls go wrong as a test wants it. It decides no fault.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::time::sleep;

use super::fault::{Fault, Faults, corrupt, failure};
use crate::clock;
use crate::distributed::{AdapterError, KeyValue};

/// A store within this process, with faults. Clones are the same one.
///
/// | fault | in putting | in getting | in deleting |
/// |---|---|---|---|
/// | `Drop` | the value is lost | the key seems not to be there | the key stays |
/// | `Delay` | the value shows so much later | the call takes so long | the call takes so long |
/// | `Corrupt` | the value is stored changed | it comes changed | none |
/// | `Duplicate` | none | none | none |
/// | `Fail`, `Hang`, `Panic` | so does the call | so does the call | so does the call |
/// | `HangAfter` | the value is stored, and the call never returns | as `Hang` | the key is deleted, and the call never returns |
#[derive(Clone, Debug, Default)]
pub struct FaultyKeyValue {
    values: Arc<Mutex<BTreeMap<String, Stored>>>,
    on_put: Faults,
    on_get: Faults,
    on_delete: Faults,
}

/// What is stored under a key: what shows, and what will.
#[derive(Debug, Default)]
struct Stored {
    shown: Option<Vec<u8>>,
    coming: Option<(Instant, Vec<u8>)>,
}

impl FaultyKeyValue {
    /// The faults of putting.
    pub fn on_put(&self) -> &Faults {
        &self.on_put
    }

    /// The faults of getting.
    pub fn on_get(&self) -> &Faults {
        &self.on_get
    }

    /// The faults of deleting.
    pub fn on_delete(&self) -> &Faults {
        &self.on_delete
    }

    /// The keys that are there, also those whose value does not show yet.
    pub fn keys(&self) -> Vec<String> {
        self.values().keys().cloned().collect()
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, key: &str, value: Vec<u8>, delay: Option<Duration>) {
        let due = delay.and_then(|delay| clock::instant().checked_add(delay));
        let mut values = self.values();
        let stored = values.entry(key.to_owned()).or_default();
        match due {
            Some(due) => stored.coming = Some((due, value)),
            None => {
                *stored = Stored {
                    shown: Some(value),
                    coming: None,
                }
            }
        }
    }

    fn shown(&self, key: &str) -> Option<Vec<u8>> {
        let now = clock::instant();
        let mut values = self.values();
        let stored = values.get_mut(key)?;
        if let Some((_, value)) = stored.coming.take_if(|(due, _)| *due <= now) {
            stored.shown = Some(value);
        }
        stored.shown.clone()
    }
}

#[expect(clippy::panic, reason = "a fault that a test may want")]
#[async_trait]
impl KeyValue for FaultyKeyValue {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        match self.on_put.next() {
            Fault::None | Fault::Duplicate => self.store(key, value.to_vec(), None),
            Fault::Drop => {}
            Fault::Delay(delay) => self.store(key, value.to_vec(), Some(delay)),
            Fault::Corrupt => self.store(key, corrupt(value), None),
            Fault::Fail => return Err(failure("putting")),
            Fault::Hang => pending().await,
            Fault::HangAfter => {
                self.store(key, value.to_vec(), None);
                pending::<()>().await;
            }
            Fault::Panic => panic!("putting panicked as the test wants it"),
        }
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError> {
        match self.on_get.next() {
            Fault::None | Fault::Duplicate => Ok(self.shown(key)),
            Fault::Drop => Ok(None),
            Fault::Delay(delay) => {
                sleep(delay).await;
                Ok(self.shown(key))
            }
            Fault::Corrupt => Ok(self.shown(key).as_deref().map(corrupt)),
            Fault::Fail => Err(failure("getting")),
            Fault::Hang | Fault::HangAfter => pending().await,
            Fault::Panic => panic!("getting panicked as the test wants it"),
        }
    }

    async fn delete(&self, key: &str) -> Result<(), AdapterError> {
        match self.on_delete.next() {
            Fault::Drop => return Ok(()),
            Fault::Delay(delay) => sleep(delay).await,
            Fault::Fail => return Err(failure("deleting")),
            Fault::Hang => pending().await,
            Fault::HangAfter => {
                self.values().remove(key);
                pending::<()>().await;
            }
            Fault::Panic => panic!("deleting panicked as the test wants it"),
            Fault::None | Fault::Corrupt | Fault::Duplicate => {}
        }
        self.values().remove(key);
        Ok(())
    }
}
