//! From a request to what it asks for: a route and a form, or why it is refused.
//!
//! What the answer says is not known here.

use health_core::Health;
use health_core::Probe;
use hyper::{Method, Request, Response, StatusCode};

use crate::body::Body;
use crate::dialect::{Dialect, Form, View};
use crate::disclosure::{Access, Disclosure};
use crate::host::{HostError, check_host};
use crate::negotiator::Negotiator;
use crate::query::{Query, QueryError};
use crate::reply;
use crate::route::{ActuatorPath, Route};
use crate::token;

/// Why a request gets no answer on health.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Host(HostError),
    Query(QueryError),
    NotFound,
    /// Of Spring Boot's paths, which answer it without a body.
    NoComponent,
    Method,
    Unauthorized,
}

impl From<Refusal> for Response<Body> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Host(error) => reply::refused(StatusCode::BAD_REQUEST, &error),
            Refusal::Query(error @ QueryError::TooLong) => {
                reply::refused(StatusCode::URI_TOO_LONG, &error)
            }
            Refusal::Query(error) => reply::refused(StatusCode::BAD_REQUEST, &error),
            Refusal::NotFound => reply::not_found(),
            Refusal::NoComponent => reply::unknown_check(Dialect::Actuator),
            Refusal::Method => reply::method_not_allowed(),
            Refusal::Unauthorized => reply::unauthorized(),
        }
    }
}

/// What a request asks for, whose path has this route.
pub(crate) fn asked<'a, B>(
    request: &Request<B>,
    route: Option<Route<'a>>,
    disclosure: &Disclosure,
    negotiator: &Negotiator,
    health: &Health,
) -> Result<(Route<'a>, Form), Refusal> {
    check_host(request.version(), request.headers()).map_err(Refusal::Host)?;
    let route = route.ok_or(Refusal::NotFound)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::Method);
    }
    let query = Query::parse(request.uri().query().unwrap_or_default()).map_err(Refusal::Query)?;
    let mut form = match route {
        Route::Actuator(_) => Form::plain(Dialect::Actuator, View::Full),
        _ => form(route, query, || negotiator.dialect(request.headers())),
    };
    let presented =
        disclosure.has_tokens() && token::is_presented(&disclosure.tokens, request.headers());
    let judged = judged(route, health);
    form.view = match disclosure.access(judged, presented, !form.excluded.is_empty()) {
        Access::Granted(view) => view,
        Access::Unauthorized | Access::Hidden if route.is_component() => {
            return Err(Refusal::NoComponent);
        }
        Access::Unauthorized => return Err(Refusal::Unauthorized),
        Access::Hidden if form.dialect == Dialect::Actuator => return Err(Refusal::NoComponent),
        Access::Hidden => return Err(Refusal::NotFound),
    };
    if form.view == View::StatusOnly {
        form.excluded.clear();
    }
    let route = settle(route, form.view, health)?;
    Ok((route, form))
}

/// What the route of a path comes down to, of which it is known that it may be answered, and how
/// much of it.
pub(crate) fn resolve<'a>(
    route: Option<Route<'a>>,
    view: View,
    health: &Health,
) -> Result<Route<'a>, Refusal> {
    settle(route.ok_or(Refusal::NotFound)?, view, health)
}

/// What of a node a route is at most: of Spring Boot's paths, before it is known what has that
/// name. Who may not see it is refused before anything is looked up, so that neither the answer nor
/// the time it takes tells him what there is.
fn judged<'a>(route: Route<'a>, health: &Health) -> Route<'a> {
    let Route::Actuator(path) = route else {
        return route;
    };
    match path {
        ActuatorPath::Node => Route::Report,
        ActuatorPath::Named(name) => match probe(name) {
            Some(probe) if health.group_verdict(name).is_none() => Route::Probe(probe),
            _ => Route::Group(name),
        },
        ActuatorPath::Member { check, .. } => Route::Check(check),
    }
}

/// What a route comes down to.
fn settle<'a>(route: Route<'a>, view: View, health: &Health) -> Result<Route<'a>, Refusal> {
    match route {
        Route::Actuator(path) => actuator(path, view, health).ok_or(Refusal::NoComponent),
        other => Ok(other),
    }
}

/// The form that is asked for: by `format`, else by a parameter of Kubernetes on a path of a
/// probe, else as it is `accepted`.
fn form(route: Route<'_>, query: Query, accepted: impl FnOnce() -> Dialect) -> Form {
    let Query {
        format,
        verbose,
        excluded,
    } = query;
    let is_probe = matches!(route, Route::Probe(_));
    let dialect = match format {
        _ if !route.is_spoken() => Dialect::Native,
        Some(dialect) => dialect,
        None if is_probe && (verbose || !excluded.is_empty()) => Dialect::Kubernetes,
        None => accepted(),
    };
    match dialect {
        Dialect::Kubernetes => Form {
            dialect,
            verbose,
            excluded,
            view: View::Full,
        },
        _ => Form::plain(dialect, View::Full),
    }
}

/// What a path of Spring Boot's stands for; `None` if there is no such component, or none to be
/// seen. A group comes before a check of its name, and `liveness` and `readiness` are there without
/// being set up.
fn actuator<'a>(path: ActuatorPath<'a>, view: View, health: &Health) -> Option<Route<'a>> {
    let is_group = |name: &str| health.group_verdict(name).is_some();
    match path {
        ActuatorPath::Node => Some(Route::Report),
        ActuatorPath::Named(name) if is_group(name) => Some(Route::Group(name)),
        ActuatorPath::Named(name) if probe(name).is_some() => probe(name).map(Route::Probe),
        _ if view == View::StatusOnly => None,
        ActuatorPath::Named(name) => health.check(name).map(|_| Route::Check(name)),
        ActuatorPath::Member { group, check } => {
            let is_member = match probe(group) {
                _ if is_group(group) => health.group_report(group)?.check(check).is_some(),
                Some(probe) => counts(health, check, probe),
                None => false,
            };
            is_member.then_some(Route::Check(check))
        }
    }
}

/// The groups that Spring Boot has for the probes.
fn probe(name: &str) -> Option<Probe> {
    match name {
        "liveness" => Some(Probe::Live),
        "readiness" => Some(Probe::Ready),
        _ => None,
    }
}

fn counts(health: &Health, check: &str, probe: Probe) -> bool {
    health
        .check(check)
        .is_some_and(|check| check.spec.impact_for(probe).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_follows_from() {
        use Dialect::{Ietf, Kubernetes, Native};
        let probe = Route::Probe(Probe::Ready);
        for (route, query, accept, dialect, verbose, excludes) in [
            (probe, "", Native, Native, false, false),
            (probe, "verbose", Native, Kubernetes, true, false),
            (probe, "verbose", Ietf, Kubernetes, true, false),
            (probe, "exclude=db", Native, Kubernetes, false, true),
            (
                probe,
                "format=native&verbose&exclude=db",
                Kubernetes,
                Native,
                false,
                false,
            ),
            (probe, "format=ietf&verbose", Kubernetes, Ietf, false, false),
            (
                probe,
                "format=nonsense&verbose",
                Kubernetes,
                Native,
                false,
                false,
            ),
            (probe, "", Kubernetes, Kubernetes, false, false),
            (Route::Report, "verbose", Native, Native, false, false),
            (
                Route::Report,
                "verbose",
                Kubernetes,
                Kubernetes,
                true,
                false,
            ),
            (
                Route::Report,
                "format=kubernetes",
                Native,
                Kubernetes,
                false,
                false,
            ),
            (
                Route::Check("db"),
                "format=ietf",
                Native,
                Ietf,
                false,
                false,
            ),
            (Route::Group("g"), "", Ietf, Ietf, false, false),
            (
                Route::Checks,
                "format=ietf",
                Kubernetes,
                Native,
                false,
                false,
            ),
            (
                Route::Summary,
                "format=ietf",
                Kubernetes,
                Native,
                false,
                false,
            ),
        ] {
            let query = Query::parse(query).unwrap();
            let expected = Form {
                dialect,
                verbose,
                excluded: excludes.then(|| b"db".to_vec()).into_iter().collect(),
                view: View::Full,
            };
            assert_eq!(form(route, query, || accept), expected, "{route:?}");
        }
    }
}
