//! The network, against real servers and hostile ones.

mod dns;
mod hostile;
mod http;
mod leaks;
mod nginx;
mod raw;
mod tcp;
mod tls;
mod unix_socket;
mod zone;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Cause, Check, CheckContext, CheckState, CheckStatus, Outcome, Registration};

use crate::harness::{Monitored, PATIENCE};

/// For a run that must end by its deadline: short, as nothing is to be waited for.
const SHORT: Duration = Duration::from_millis(300);

/// A detail that is there.
fn detail(state: &CheckState, key: &str) -> serde_json::Value {
    state.details.as_ref().unwrap()[key].clone()
}

fn assert_healthy(state: &Arc<CheckState>) {
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
}

fn assert_unhealthy(state: &Arc<CheckState>, words: &str) {
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
    assert!(state.message.contains(words), "{state:?}");
}

/// What one run of a check says, with all the time there is.
async fn patient(registration: impl Into<Registration>) -> Arc<CheckState> {
    crate::harness::result(registration.into().timeout(PATIENCE)).await
}

/// What one run of a check says that must give up soon, and say itself what it waited for.
async fn hurried(registration: impl Into<Registration>, words: &str) {
    let state = crate::harness::result(registration.into().timeout(SHORT)).await;
    assert_unhealthy(&state, words);
    assert_eq!(state.cause, Cause::Timeout, "{state:?}");
}

/// A check whose server answers nothing for a while: runs end by their deadline, and the
/// check recovers by itself.
async fn survives_silence(monitored: &Monitored, silence: impl FnOnce(), speech: impl FnOnce()) {
    let healthy = |state: &CheckState| state.healthy();
    monitored.ask_until("health", healthy).await;
    silence();
    let timeout = |state: &CheckState| state.cause == Cause::Timeout;
    monitored.ask_until("a timeout", timeout).await;
    speech();
    monitored.ask_until("recovery", healthy).await;
}

/// All that a run says, public and private.
async fn all_words(registration: impl Into<Registration>) -> String {
    let said = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&said);
    let registration = registration.into();
    let debug = format!("{registration:?}");
    let overheard = registration.wrap(|check| Overheard(check, said));
    let state = patient(overheard).await;
    format!("{debug}{state:?}{}", heard.lock().unwrap())
}

struct Overheard(Arc<dyn Check>, Arc<Mutex<String>>);

#[async_trait]
impl Check for Overheard {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let outcome = self.0.check(cx).await;
        *self.1.lock().unwrap() = format!("{outcome:?}");
        outcome
    }
}
