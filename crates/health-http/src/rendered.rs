//! A rendered report, kept until the report changes; the next one copies what did not.
//!
//! Reports hold the same `Arc` for a check that did not change, so the bytes of
//! the last rendering are copied for it; of a check that merely ran again, all
//! but the figures of that run.

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
    spans: Vec<Span>,
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
        let mut spans = Vec::with_capacity(report.checks.len());
        let mut known = last.map(|last| last.entries().peekable());
        let mut stamps = TimestampWriter::default();
        for check in &report.checks {
            let known = known.as_mut().and_then(|known| {
                let same = |held: &Entry<'_>| Arc::ptr_eq(&held.check.spec, &check.spec);
                known.next_if(same).or_else(|| {
                    // Both lists are sorted by name: what is skipped is gone.
                    while known
                        .next_if(|held| held.check.name() < check.name())
                        .is_some()
                    {}
                    known.next_if(same)
                })
            });
            let steady = match known {
                Some(held) if Arc::ptr_eq(held.check, check) => {
                    out.extend_from_slice(held.bytes);
                    out.len() - (held.bytes.len() - held.steady)
                }
                Some(held) if native::differs_in_run_only(held.check, check) => {
                    out.extend_from_slice(held.bytes.get(..held.steady).unwrap_or_default());
                    let steady = out.len();
                    native::push_run(&mut out, check, &mut stamps);
                    steady
                }
                _ => native::push_entry(&mut out, check, detail, &mut stamps),
            };
            out.push(b',');
            spans.push(Span {
                steady,
                end: out.len() - 1,
            });
        }
        if !spans.is_empty() {
            out.pop();
        }
        out.extend_from_slice(b"}}");
        Self {
            report: Arc::clone(report),
            stall,
            status,
            body: out.into(),
            spans,
            first,
        }
    }

    /// Each check with its bytes.
    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        // A comma stands between two entries.
        let starts = std::iter::once(self.first).chain(self.spans.iter().map(|span| span.end + 1));
        self.report
            .checks
            .iter()
            .zip(self.spans.iter().zip(starts))
            .filter_map(|(check, (span, start))| {
                let bytes = self.body.get(start..span.end)?;
                Some(Entry {
                    check,
                    bytes,
                    steady: span.steady - start,
                })
            })
    }
}

/// Where the entry of a check lies: up to `steady` it does not change from run to run.
#[derive(Clone, Copy, Debug)]
struct Span {
    steady: usize,
    end: usize,
}

/// One check of a rendering.
struct Entry<'a> {
    check: &'a Arc<CheckState>,
    bytes: &'a [u8],
    steady: usize,
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
