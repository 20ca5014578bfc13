//! Follows the critical checks, asks the guards, and begins a shutdown when one has failed for
//! long enough: one task beside the checks.
//!
//! What is long enough, and when to look again, is decided in `critical`.
#![allow(
    clippy::disallowed_methods,
    reason = "it owns the task in which a guard is asked"
)]

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use health_core::{
    CheckState, CriticalFailure, EventKind, Guard, Health, Notice, Report, Subscription, Veto,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::clock;
use crate::critical::{CriticalWatch, Effect};
use crate::failure::Failure;
use crate::isolation::isolated;
use crate::line::Line;
use crate::policy::CriticalPolicy;
use crate::reason::Reason;
use crate::shutdown::{Begun, Inner};
use crate::sighting::Seen;

/// How long a guard may think; silence is a veto.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the critical trigger has done so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) confirmed: AtomicU64,
    pub(crate) dry_runs: AtomicU64,
    pub(crate) vetoes: AtomicU64,
}

type Question = Pin<Box<dyn Future<Output = Result<(), Veto>> + Send>>;

/// The trigger; it ends with the node, with the last handle on the shutdown, or once one has begun.
pub(crate) struct Trigger {
    shutdown: Weak<Inner>,
    begun: watch::Receiver<Option<Begun>>,
    events: Subscription,
    node_id: String,
    policy: CriticalPolicy,
    watch: CriticalWatch,
    effects: Vec<Effect>,
    question: Option<Question>,
    /// Whose turn it is to be asked.
    turn: Arc<Semaphore>,
}

/// What it waits for.
enum Next {
    News(Option<Notice>),
    Answer(Result<(), Veto>),
    Time,
    /// A shutdown has begun, or nobody can begin one any more.
    End,
}

impl Trigger {
    /// Takes the checks as they stand; the rest it learns from events.
    pub(crate) fn new(
        shutdown: Weak<Inner>,
        begun: watch::Receiver<Option<Begun>>,
        health: &Health,
        policy: CriticalPolicy,
    ) -> Self {
        // Before the report, so that nothing is lost in between.
        let events = health.subscribe();
        let mut trigger = Self {
            shutdown,
            begun,
            events,
            node_id: health.node_id().to_owned(),
            watch: CriticalWatch::new(&policy, clock::instant()),
            policy,
            effects: Vec::new(),
            question: None,
            turn: Arc::new(Semaphore::new(1)),
        };
        trigger.see_all(&health.report());
        trigger
    }

    /// Runs to its end. Cancel safe.
    pub(crate) async fn run(mut self) {
        loop {
            let now = clock::instant();
            let events = &self.events;
            let still_fails = |check: &str| fails(events.check(check));
            let chance = random_fraction();
            let wake = self
                .watch
                .look(now, chance, &still_fails, &mut self.effects);
            if !self.carry_out() {
                return;
            }
            match self.next(wake).await {
                Next::News(Some(notice)) => self.take(&notice),
                Next::Answer(answer) => self.hear(answer),
                Next::Time => {}
                Next::News(None) | Next::End => return,
            }
        }
    }

    async fn next(&mut self, wake: Option<Instant>) -> Next {
        let Self {
            begun,
            events,
            question,
            ..
        } = self;
        tokio::select! {
            biased;
            _ = begun.wait_for(Option::is_some) => Next::End,
            answer = answer(question) => Next::Answer(answer),
            () = at(wake) => Next::Time,
            notice = events.next() => Next::News(notice),
        }
    }

    fn take(&mut self, notice: &Notice) {
        let now = clock::instant();
        match notice {
            Notice::Event(event) => match &event.kind {
                EventKind::Result { check }
                | EventKind::Transition { check, .. }
                | EventKind::Registered { check } => {
                    self.watch.see(Seen::of(check), now, &mut self.effects);
                }
                EventKind::Unregistered { name } => {
                    self.watch.gone(name, now, &mut self.effects);
                }
                _ => {}
            },
            Notice::Missed { report, .. } => self.see_all(report),
            _ => {}
        }
    }

    /// Takes all checks as they stand.
    fn see_all(&mut self, report: &Report) {
        let now = clock::instant();
        let names: HashSet<_> = report.checks.iter().map(|check| check.name()).collect();
        self.watch
            .retain(|name| names.contains(name), now, &mut self.effects);
        for check in &report.checks {
            self.watch.see(Seen::of(check), now, &mut self.effects);
        }
    }

    fn hear(&mut self, answer: Result<(), Veto>) {
        if let (Err(_), Some(shutdown)) = (&answer, self.shutdown.upgrade()) {
            shutdown.critical.vetoes.fetch_add(1, Ordering::Relaxed);
        }
        let events = &self.events;
        let still_fails = |check: &str| fails(events.check(check));
        let now = clock::instant();
        self.watch
            .answered(answer, now, &still_fails, &mut self.effects);
    }

    /// Does what was decided; `false` if there is nothing left to do.
    fn carry_out(&mut self) -> bool {
        let Some(shutdown) = self.shutdown.upgrade() else {
            return false;
        };
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Say(failure, why) => shutdown.log.say(Line::Critical { failure, why }),
                Effect::Count => count(&shutdown.critical.confirmed),
                Effect::DryRun => count(&shutdown.critical.dry_runs),
                Effect::Ask(failure) => self.question = Some(self.ask(failure)),
                Effect::Forget => self.question = None,
                Effect::Begin(failure) => {
                    shutdown.begin(Reason::Critical(failure.to_string()));
                    return false;
                }
            }
        }
        true
    }

    /// Asks the guards one after the other, up to the first that objects.
    fn ask(&self, failure: Failure) -> Question {
        let guards = self.policy.guards.clone();
        let failure = CriticalFailure {
            node_id: self.node_id.clone(),
            check: failure.check,
            runs: failure.runs,
            lasted: failure.lasted,
            message: failure.message,
        };
        let failure = Arc::new(failure);
        let turn = Arc::clone(&self.turn);
        Box::pin(async move {
            for guard in guards {
                ask(guard, Arc::clone(&failure), Arc::clone(&turn)).await?;
            }
            Ok(())
        })
    }
}

/// What the guards say, if they are being asked. Cancel safe.
async fn answer(question: &mut Option<Question>) -> Result<(), Veto> {
    let Some(asked) = question else {
        return std::future::pending().await;
    };
    let answer = asked.await;
    *question = None;
    answer
}

async fn at(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

/// What one guard says; silence and a panic are vetoes. It is asked in a task of its own, so that
/// one which blocks its thread holds nothing else up; while it does, nobody is asked again.
async fn ask(
    guard: Arc<dyn Guard>,
    failure: Arc<CriticalFailure>,
    turn: Arc<Semaphore>,
) -> Result<(), Veto> {
    let asked = async move {
        let Ok(turn) = turn.acquire_owned().await else {
            return None;
        };
        let task = tokio::spawn(async move {
            let _turn = turn;
            isolated(|| guard.permit(&failure)).await
        });
        AbortOnDropHandle::new(task).await.ok().flatten()
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Some(answer)) => answer,
        Ok(None) => Err(Veto::new("the guard panicked")),
        Err(_) => Err(Veto::new(format!("the guard was silent for {PATIENCE:?}"))),
    }
}

fn fails(check: Option<Arc<CheckState>>) -> bool {
    check.is_some_and(|check| Seen::of(&check).over.is_none())
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// In 0..1, and another one each time.
fn random_fraction() -> f64 {
    // A hasher's key is the one source of chance that std has.
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}
