//! The parts of a distributed service.

mod leaks;
mod rude_pub_sub;
mod states;

#[cfg(feature = "testing")]
mod key_value;
#[cfg(feature = "testing")]
mod leftovers;
#[cfg(feature = "testing")]
mod pub_sub;

use health_core::CheckState;
use serde_json::Value;

/// A detail of what a check showed; null if it is not there.
fn detail(state: &CheckState, key: &str) -> Value {
    let details = state.details.as_ref();
    let detail = details.and_then(|details| details.get(key));
    detail.cloned().unwrap_or_default()
}
