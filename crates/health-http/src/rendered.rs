//! A rendered report, kept until the report changes; the next one copies what did not.
//!
//! Reports hold the same `Arc` for a check that did not change, so the bytes of
//! the last rendering are copied for it, with those of its unchanged neighbours
//! in one piece; of a check that merely ran again, all but the figures of that run.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use health_core::{CheckState, NodeStatus, Report};

use crate::native::{self, Detail};
use crate::stall_view::StallView;
use crate::wire_time::TimestampWriter;

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
    entries: Vec<Entry>,
    /// Where the first entry begins.
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
        let room = last.map_or(256 + 512 * report.checks.len(), |last| {
            last.body.len() + 256
        });
        let mut out = Vec::with_capacity(room);
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
        let mut entries = Vec::with_capacity(report.checks.len());
        let mut known = last.map_or_else(Known::nothing, Self::known);
        let mut stamps = TimestampWriter::default();
        let mut checks = report.checks.as_slice();
        loop {
            let same = known.unchanged(checks);
            if same > 0 {
                let (held, bytes) = known.pass(same);
                entries.extend_from_slice(held);
                out.extend_from_slice(bytes);
                out.push(b',');
            }
            let Some((check, rest)) = checks.get(same..).and_then(<[_]>::split_first) else {
                break;
            };
            checks = rest;
            let start = out.len();
            let steady = match known.before(check) {
                Some((held, bytes)) if native::differs_in_run_only(held, check) => {
                    out.extend_from_slice(bytes);
                    let steady = out.len();
                    native::push_run(&mut out, check, &mut stamps);
                    steady
                }
                _ => native::push_entry(&mut out, check, detail, &mut stamps),
            };
            entries.push(Entry {
                steady: steady - start,
                length: out.len() - start,
            });
            out.push(b',');
        }
        if !entries.is_empty() {
            out.pop();
        }
        out.extend_from_slice(b"}}");
        Self {
            report: Arc::clone(report),
            stall,
            status,
            body: out.into(),
            entries,
            first,
        }
    }

    /// All of it, for the next rendering.
    fn known(&self) -> Known<'_> {
        Known {
            checks: &self.report.checks,
            entries: &self.entries,
            bytes: self.body.get(self.first..).unwrap_or_default(),
        }
    }
}

/// How long the entry of a check is, and how much of it does not change from run to run.
#[derive(Clone, Copy, Debug)]
struct Entry {
    steady: usize,
    length: usize,
}

/// What of the last rendering has not been passed yet; sorted by name, as every report is.
struct Known<'a> {
    checks: &'a [Arc<CheckState>],
    entries: &'a [Entry],
    /// From the first entry on; a comma stands between two.
    bytes: &'a [u8],
}

impl<'a> Known<'a> {
    fn nothing() -> Self {
        Self {
            checks: &[],
            entries: &[],
            bytes: &[],
        }
    }

    /// How many of `checks` come next just as they are.
    fn unchanged(&self, checks: &[Arc<CheckState>]) -> usize {
        let pairs = self.checks.iter().zip(checks);
        pairs
            .take_while(|(held, check)| Arc::ptr_eq(held, check))
            .count()
    }

    /// Passes the next `count` entries; gives them and their bytes.
    fn pass(&mut self, count: usize) -> (&'a [Entry], &'a [u8]) {
        let (entries, rest) = self.entries.split_at(count);
        let length: usize = entries.iter().map(|entry| entry.length + 1).sum();
        let bytes = self.bytes.get(..length - 1).unwrap_or_default();
        self.checks = self.checks.get(count..).unwrap_or_default();
        self.entries = rest;
        self.bytes = self.bytes.get(length..).unwrap_or_default();
        (entries, bytes)
    }

    /// The state of the same registration as it was, and the bytes that outlast a run. What comes
    /// before it is passed: those checks are gone.
    fn before(&mut self, check: &CheckState) -> Option<(&'a CheckState, &'a [u8])> {
        let same = |held: &CheckState| Arc::ptr_eq(&held.spec, &check.spec);
        let mut held = self.checks.first()?;
        while !same(held) {
            if held.name() >= check.name() {
                return None;
            }
            self.pass(1);
            held = self.checks.first()?;
        }
        let (entries, bytes) = self.pass(1);
        Some((held, bytes.get(..entries.first()?.steady)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health, Outcome, check_fn};

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

    #[tokio::test]
    async fn a_check_that_ran_again_is_rendered_as_if_anew() {
        let health = Health::new();
        health
            .register(check_fn("plain", |_| async { true }))
            .unwrap();
        health
            .register(check_fn("telling", |_| async {
                Outcome::healthy().detail("n", 1)
            }))
            .unwrap();
        health
            .register(check_fn("failing", |_| async { Outcome::unhealthy("no") }))
            .unwrap();
        health.start().unwrap();
        for page in [Page::Report, Page::Checks] {
            let renderer = Renderer::new(page);
            for _ in 0..5 {
                for name in ["plain", "telling", "failing"] {
                    health.ask(name).await.unwrap();
                    let report = health.report();
                    let incremental = renderer.render(&report, StallView::default());
                    let anew = Rendered::new(page, &report, StallView::default(), None);
                    assert_eq!(incremental.body, anew.body);
                    json(&anew);
                }
            }
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
