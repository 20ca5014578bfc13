//! The tasks of one `Health`: spawned once it is started, ended with it.
//!
//! What a task does is in `runner`.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};

use crate::check::Check;
use crate::driver::Shared;
use crate::engine::entry::Key;
use crate::observer::Observer;
use crate::runner;
use crate::slot::Slot;
use crate::subscription::Subscription;

/// A check that has a place in the engine.
type Registered = (Key, Arc<Slot>, Arc<dyn Check>);

/// Runs beside the checks.
type Companion = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
pub(crate) struct Tasks {
    runtime: Option<Handle>,
    set: JoinSet<()>,
    checks: HashMap<Key, AbortHandle>,
    /// What waits for `start`.
    unstarted: Vec<Registered>,
    companions: Vec<Companion>,
}

impl Tasks {
    /// Runs a check from now on, or from `start` on.
    pub(crate) fn add_check(&mut self, shared: &Arc<Shared>, check: Registered) {
        // Ended tasks are let go of here, so that a churn of checks leaves nothing behind.
        while self.set.try_join_next().is_some() {}
        match &self.runtime {
            None => self.unstarted.push(check),
            Some(runtime) => {
                let (key, slot, check) = check;
                let task = runner::run_check(Arc::clone(shared), key, slot, check);
                self.checks.insert(key, self.set.spawn_on(task, runtime));
            }
        }
    }

    /// Ends a check's task; a run under way is dropped.
    pub(crate) fn remove_check(&mut self, key: Key) {
        self.unstarted.retain(|(held, ..)| *held != key);
        if let Some(task) = self.checks.remove(&key) {
            task.abort();
        }
    }

    /// Feeds an observer from now on; what happens until `start` waits for it.
    pub(crate) fn add_observer(&mut self, shared: &Arc<Shared>, observer: Arc<dyn Observer>) {
        let events = Subscription::new(shared);
        let task = runner::run_observer(Arc::clone(shared), events, observer);
        self.add_companion(Box::pin(task));
    }

    /// Runs a task from now on, or from `start` on.
    pub(crate) fn add_companion(&mut self, task: Companion) {
        match &self.runtime {
            None => self.companions.push(task),
            Some(runtime) => {
                self.set.spawn_on(task, runtime);
            }
        }
    }

    pub(crate) fn start(&mut self, shared: &Arc<Shared>, runtime: Handle) {
        self.set
            .spawn_on(runner::run_sweeper(Arc::clone(shared)), &runtime);
        for task in std::mem::take(&mut self.companions) {
            self.set.spawn_on(task, &runtime);
        }
        self.runtime = Some(runtime);
        for check in std::mem::take(&mut self.unstarted) {
            self.add_check(shared, check);
        }
    }

    /// Takes all tasks out, to be ended by [`end`].
    pub(crate) fn take(&mut self) -> JoinSet<()> {
        self.checks.clear();
        self.unstarted.clear();
        self.companions.clear();
        std::mem::take(&mut self.set)
    }
}

/// Aborts the tasks and waits until they are gone, at most `patience`: a task
/// that blocks its thread cannot be ended.
pub(crate) async fn end(mut set: JoinSet<()>, patience: Duration) {
    set.abort_all();
    let _ =
        tokio::time::timeout(patience, async { while set.join_next().await.is_some() {} }).await;
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("running", &self.set.len())
            .field("unstarted", &self.unstarted.len())
            .finish_non_exhaustive()
    }
}
