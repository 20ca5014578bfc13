//! A rendering of a report, kept until the report changes.
//!
//! The pages that are rendered anew piece by piece are kept in `rendered`.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use health_core::Report;

use crate::stall_view::StallView;

/// The last rendering of one kind.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    last: ArcSwapOption<Rendering>,
    rendering: Mutex<()>,
}

#[derive(Debug)]
struct Rendering {
    /// Of the report. Not the report itself, which would live on for as long as nobody asks again.
    stamp: u64,
    stall: StallView,
    body: Bytes,
}

impl Kept {
    /// The rendering of this report: made once for each, whoever asks.
    pub(crate) fn get(
        &self,
        report: &Report,
        stall: StallView,
        render: impl FnOnce(&Report, StallView) -> Vec<u8>,
    ) -> Bytes {
        if let Some(body) = self.current(report, stall) {
            return body;
        }
        // Held while rendering: those who ask for the same meanwhile get this rendering.
        let _one = self
            .rendering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = self.current(report, stall) {
            return body;
        }
        let body = Bytes::from(render(report, stall));
        self.last.store(Some(Arc::new(Rendering {
            stamp: report.stamp,
            stall,
            body: body.clone(),
        })));
        body
    }

    fn current(&self, report: &Report, stall: StallView) -> Option<Bytes> {
        let last = self.last.load();
        let same = last
            .as_ref()
            .filter(|last| last.stamp == report.stamp && last.stall == stall)?;
        Some(same.body.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health};

    #[test]
    fn it_is_rendered_once_for_each_report() {
        let health = Health::new();
        let kept = Kept::default();
        let mut rendered = 0;
        let mut get = |report: &Report| {
            kept.get(report, StallView::default(), |report, _| {
                rendered += 1;
                report.stamp.to_string().into()
            })
        };
        let first = get(&health.report());
        assert_eq!(get(&health.report()), first);
        let _part = health.component(ComponentSpec::new("part")).unwrap();
        assert_ne!(get(&health.report()), first);
        assert_eq!(rendered, 2);
    }
}
