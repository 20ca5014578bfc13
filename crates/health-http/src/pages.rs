//! The answers on one node: which rendering each route gets, and its code.
//!
//! Whether somebody may have an answer was settled before; bytes are made by the dialects.

use std::sync::Arc;
use std::time::Instant;

use health_core::{CheckState, CheckStatus, Health, NodeStatus, Probe, Report};
use hyper::{Response, StatusCode};

use crate::body::Body;
use crate::dialect::{self, Dialect, Form, Hindrance, Lines, View, Whole};
use crate::history;
use crate::kept::Kept;
use crate::native;
use crate::probe_body::{ProbeBodies, title};
use crate::rendered::{Page, Renderer};
use crate::reply;
use crate::route::Route;
use crate::shelf::{Shelf, Shown};
use crate::stall_view::StallView;
use crate::summary;

/// The most bytes of rendered histories. One of 100 runs has some 11 kB, one of 10,000 a megabyte.
const HISTORIES: usize = 4 << 20;

/// Everything that is kept of what was rendered.
#[derive(Debug)]
pub(crate) struct Pages {
    health: Health,
    ready: ProbeBodies,
    live: ProbeBodies,
    startup: ProbeBodies,
    report: Renderer,
    checks: Renderer,
    summary: Kept,
    /// The report in each other form.
    wholes: [Kept; Form::SLOTS],
    shelf: Shelf,
    histories: Shelf,
}

impl Pages {
    pub(crate) fn new(health: Health, live_fails_while_stopping: bool) -> Self {
        Self {
            health,
            ready: ProbeBodies::new(Probe::Ready, false),
            live: ProbeBodies::new(Probe::Live, live_fails_while_stopping),
            startup: ProbeBodies::new(Probe::Startup, false),
            report: Renderer::new(Page::Report),
            checks: Renderer::new(Page::Checks),
            summary: Kept::default(),
            wholes: Default::default(),
            shelf: Shelf::default(),
            histories: Shelf::of(HISTORIES),
        }
    }

    pub(crate) fn answer(
        &self,
        route: Route<'_>,
        form: &Form,
        now: Instant,
        stall: StallView,
    ) -> Response<Body> {
        let bodies = match route {
            Route::Probe(Probe::Ready) => &self.ready,
            Route::Probe(Probe::Live) => &self.live,
            Route::Probe(Probe::Startup) => &self.startup,
            Route::Report | Route::Probe(Probe::Health) => return self.report(form, stall),
            Route::Checks => {
                let page = self.checks.render(&self.health.report(), stall);
                return reply::json(StatusCode::OK, page.body.clone());
            }
            Route::Check(name) => return self.check(name, form),
            Route::Group(name) => return self.group(name, form, stall),
            Route::Summary => {
                let report = self.health.report();
                let body = self.summary.get(&report, stall, summary::render);
                return reply::json(StatusCode::OK, body);
            }
            Route::History(name) => return self.history(name),
            Route::Actuator(_) | Route::Mounted(_) => return reply::not_found(),
        };
        let said = bodies.answer(&self.health, now, stall, form);
        reply::of_status(said.passing, said.status, form.dialect, said.body)
    }

    fn report(&self, form: &Form, stall: StallView) -> Response<Body> {
        let report = self.health.report();
        if *form == Form::native(View::Full) {
            let page = self.report.render(&report, stall);
            let (status, body) = (page.status, page.body.clone());
            return reply::of_status(is_serving(status), status, form.dialect, body);
        }
        if !form.excluded.is_empty() {
            let is_excluded = |name: &str| form.excludes(name);
            let passing = !stall.fails_node()
                && self
                    .health
                    .passes_without(Probe::Health, &report, is_excluded);
            let body = text(title(Probe::Health), passing, &report, stall, form);
            return reply::verdict(passing, form.dialect, body.into());
        }
        let (status, _) = stall.overlay(report.status, &report.message);
        let passing = is_serving(status);
        let Some(kept) = self.wholes.get(form.slot()) else {
            return reply::not_found();
        };
        let body = kept.get(&report, stall, |report, stall| {
            let groups = self.health.group_names();
            whole(title(Probe::Health), report, stall, form, Some(&groups))
        });
        reply::of_status(passing, status, form.dialect, body)
    }

    fn group(&self, name: &str, form: &Form, stall: StallView) -> Response<Body> {
        let Some(report) = self.health.group_report(name) else {
            return reply::unknown_group(form.dialect);
        };
        let (status, message) = stall.overlay(report.status, &report.message);
        if !form.excluded.is_empty() {
            let is_excluded = |name: &str| form.excludes(name);
            let passes = self.health.group_passes_without(name, &report, is_excluded);
            let passing = !stall.fails_node() && passes == Some(true);
            let body = text(name, passing, &report, stall, form);
            return reply::verdict(passing, form.dialect, body.into());
        }
        let shown = Shown::Group(report.stamp, stall);
        let body = self.shelf.get(name, form.slot(), shown, || {
            if *form == Form::native(View::Full) {
                native::group(&report, name, status, &message)
            } else {
                whole(name, &report, stall, form, None)
            }
        });
        reply::of_status(is_serving(status), status, form.dialect, body)
    }

    fn check(&self, name: &str, form: &Form) -> Response<Body> {
        let Some(check) = self.health.check(name) else {
            return reply::unknown_check(form.dialect);
        };
        let shown = Shown::Check(Arc::clone(&check));
        let body = self.shelf.get(name, form.slot(), shown, || {
            dialect::check(form.dialect, &check)
        });
        reply::of_status(is_passing(&check), as_node(&check), form.dialect, body)
    }

    fn history(&self, name: &str) -> Response<Body> {
        let unknown = || reply::unknown_check(Dialect::Native);
        let Some(check) = self.health.check(name) else {
            return unknown();
        };
        let shown = Shown::History(Arc::clone(&check.spec), check.runs);
        let body = match self.histories.kept(name, 0, &shown) {
            Some(body) => body,
            None => match self.health.history(name) {
                Some(history) => {
                    let body = history::render(&check, &history);
                    self.histories.keep(name, 0, shown, body)
                }
                None => return unknown(),
            },
        };
        reply::json(StatusCode::OK, body)
    }
}

/// Whether the node, or a group, serves: 200 rather than 503.
fn is_serving(status: NodeStatus) -> bool {
    matches!(status, NodeStatus::Healthy | NodeStatus::Degraded)
}

/// What the node would be if this were all of it.
fn as_node(check: &CheckState) -> NodeStatus {
    match check.status {
        CheckStatus::Healthy => NodeStatus::Healthy,
        CheckStatus::Degraded => NodeStatus::Degraded,
        _ => NodeStatus::Unhealthy,
    }
}

fn is_passing(check: &CheckState) -> bool {
    matches!(check.status, CheckStatus::Healthy | CheckStatus::Degraded)
}

/// The node or a group in any form but the native one.
fn whole(
    name: &str,
    report: &Report,
    stall: StallView,
    form: &Form,
    groups: Option<&[Arc<str>]>,
) -> Vec<u8> {
    let (status, message) = stall.overlay(report.status, &report.message);
    let passing = is_serving(status);
    if form.dialect == Dialect::Kubernetes {
        return text(name, passing, report, stall, form);
    }
    let is_full = form.view == View::Full;
    dialect::whole(
        form.dialect,
        &Whole {
            status,
            passing,
            message: if is_full { &message } else { "" },
            report: is_full.then_some(report),
            groups: groups.filter(|_| is_full),
        },
    )
}

/// The same in the text of Kubernetes.
fn text(name: &str, passing: bool, report: &Report, stall: StallView, form: &Form) -> Vec<u8> {
    if passing && !form.verbose {
        return b"ok".to_vec();
    }
    let lines = (form.view == View::Full).then(|| Lines {
        checks: report.checks.iter().map(AsRef::as_ref),
        excluded: &form.excluded,
        hindrance: Hindrance::of(passing, report.status, stall.fails_node()),
    });
    dialect::text(name, passing, lines)
}
