//! Pushes how far the shutdown has come as a section of the node, from a thread of its own: also
//! when every runtime is blocked.
//!
//! What it shows is decided in `section`.

use std::sync::{PoisonError, Weak};
use std::thread::{self, Builder};
use std::time::Duration;

use health_core::{Section, SectionSpec};
use tokio::runtime::Handle;

use crate::line::Line;
use crate::report::Report;
use crate::section::{Entered, rows};
use crate::shutdown::{Begun, Inner};

/// Between two pushes.
const TICK: Duration = Duration::from_millis(250);

/// Shows the shutdown from now until its last handle is dropped. Who cannot be shown is stopped
/// all the same.
pub(crate) fn start(inner: &Inner, weak: Weak<Inner>, begun: Begun) {
    let spec = SectionSpec::new("shutdown").title("Shutdown");
    let section = match inner.health.section(spec) {
        Ok(section) => section,
        Err(error) => return inner.log.say(Line::Unshown(error.to_string())),
    };
    // Its clock, which may be paused, is the one that counts.
    let runtime = Handle::try_current().ok();
    let show = move || {
        let _runtime = runtime.as_ref().map(Handle::enter);
        while let Some(inner) = weak.upgrade() {
            push(&section, &inner, &begun);
            drop(inner);
            thread::park_timeout(TICK);
        }
    };
    let spawned = Builder::new()
        .name("shutdown-section".to_owned())
        .spawn(show);
    if let Err(error) = spawned {
        inner.log.say(Line::Unshown(error.to_string()));
    }
}

fn push(section: &Section, inner: &Inner, begun: &Begun) {
    let elapsed = begun.elapsed();
    let (report, entered, over) = match inner.standing.shown() {
        Some(shown) => {
            let progress = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let (entered, over) = (
                *progress.sequence.entered(),
                progress.sequence.is_finished(),
            );
            (progress.report(elapsed, false), entered, over)
        }
        // Nobody runs it yet.
        None => (
            Report::nothing_yet(begun.reason.clone(), begun.wall, elapsed),
            Entered::default(),
            false,
        ),
    };
    section.push(rows(&report, inner.whole, &entered, over));
}
