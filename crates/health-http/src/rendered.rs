//! A rendered report, kept until the report changes; the next one copies what did not.
//!
//! Reports hold the same `Arc` for a check that did not change, so the bytes of
//! the last rendering are copied for it, in one piece with its neighbours.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use health_core::{NodeStatus, Report};

use crate::native::{self, Detail};
use crate::stall_view::StallView;

/// What is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// `/health`
    Report,
    /// `/health/checks`
    Checks,
}

/// The renderings of one page, the last of which is kept.
#[derive(Debug)]
pub(crate) struct Renderer {
    page: Page,
    last: ArcSwapOption<Rendered>,
    rendering: Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct Rendered {
    report: Arc<Report>,
    stall: StallView,
    pub(crate) status: NodeStatus,
    pub(crate) body: Bytes,
    /// Where the entry of each check ends, its comma included; the first begins at `first`.
    ends: Vec<usize>,
    first: usize,
}

impl Renderer {
    pub(crate) fn new(page: Page) -> Self {
        Self {
            page,
            last: ArcSwapOption::empty(),
            rendering: Mutex::new(()),
        }
    }

    /// The page for this report: rendered once for each, whoever asks.
    pub(crate) fn render(&self, report: &Arc<Report>, stall: StallView) -> Arc<Rendered> {
        if let Some(last) = self.current(report, stall) {
            return last;
        }
        // Held while rendering: those who ask for the same page meanwhile get this rendering.
        let _one = self
            .rendering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = self.current(report, stall) {
            return last;
        }
        let last = self.last.load();
        let rendered = Arc::new(Rendered::new(self.page, report, stall, last.as_deref()));
        self.last.store(Some(Arc::clone(&rendered)));
        rendered
    }

    fn current(&self, report: &Arc<Report>, stall: StallView) -> Option<Arc<Rendered>> {
        let last = self.last.load();
        let same = last
            .as_ref()
            .filter(|last| Arc::ptr_eq(&last.report, report) && last.stall == stall)?;
        Some(Arc::clone(same))
    }
}

impl Rendered {
    fn new(page: Page, report: &Arc<Report>, stall: StallView, last: Option<&Self>) -> Self {
        let mut out = Vec::with_capacity(last.map_or(256 + 512 * report.checks.len(), |last| {
            last.body.len() + 256
        }));
        let (status, message) = stall.overlay(report.status, &report.message);
        let detail = match page {
            Page::Report => {
                native::push_report_head(&mut out, report, status, &message);
                Detail::State
            }
            Page::Checks => {
                native::push_checks_head(&mut out, report);
                Detail::Spec
            }
        };
        let first = out.len();
        let mut ends = Vec::with_capacity(report.checks.len());
        let mut known = last.map(|last| last.entries().peekable());
        for check in &report.checks {
            let copied = known.as_mut().and_then(|known| {
                // Both lists are sorted by name: what is skipped is gone.
                while known
                    .next_if(|(held, _)| held.name() < check.name())
                    .is_some()
                {}
                let (_, bytes) = known.next_if(|(held, _)| Arc::ptr_eq(held, check))?;
                out.extend_from_slice(bytes);
                Some(())
            });
            if copied.is_none() {
                native::push_entry(&mut out, check, detail);
                out.push(b',');
            }
            ends.push(out.len());
        }
        if !ends.is_empty() {
            out.pop();
        }
        out.extend_from_slice(b"}}");
        Self {
            report: Arc::clone(report),
            stall,
            status,
            body: out.into(),
            ends,
            first,
        }
    }

    /// Each check with its bytes, the comma behind it included. The last one's
    /// comma is the brace that closes the checks, so it is left out.
    fn entries(&self) -> impl Iterator<Item = (&Arc<health_core::CheckState>, &[u8])> {
        let starts = std::iter::once(self.first).chain(self.ends.iter().copied());
        let ends = self.ends.iter().copied();
        let kept = self.ends.len().saturating_sub(1);
        self.report
            .checks
            .iter()
            .zip(starts.zip(ends))
            .take(kept)
            .filter_map(|(check, (start, end))| Some((check, self.body.get(start..end)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health};

    fn json(rendered: &Rendered) -> serde_json::Value {
        serde_json::from_slice(&rendered.body).unwrap()
    }

    #[test]
    fn what_is_copied_equals_what_is_rendered_anew() {
        let health = Health::new();
        let names = ["a", "b", "c", "d", "e"];
        let parts: Vec<_> = names
            .iter()
            .map(|n| health.component(ComponentSpec::new(*n)).unwrap())
            .collect();
        for page in [Page::Report, Page::Checks] {
            let renderer = Renderer::new(page);
            let compare = || {
                let report = health.report();
                let incremental = renderer.render(&report, StallView::default());
                let anew = Rendered::new(page, &report, StallView::default(), None);
                assert_eq!(incremental.body, anew.body);
                assert_eq!(
                    json(&anew)["checks"].as_object().unwrap().len(),
                    report.checks.len()
                );
            };
            compare();
            for part in &parts {
                part.degraded("a \"quoted\" reason");
                compare();
            }
            let extra = health.component(ComponentSpec::new("bb")).unwrap();
            compare();
            extra.ready();
            compare();
            drop(extra);
            health.unregister("bb").unwrap();
            compare();
        }
    }

    #[test]
    fn nothing_changed_is_nothing_rendered() {
        let health = Health::new();
        let renderer = Renderer::new(Page::Report);
        let first = renderer.render(&health.report(), StallView::default());
        let second = renderer.render(&health.report(), StallView::default());
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(json(&first)["checks"], serde_json::json!({}));
    }
}
