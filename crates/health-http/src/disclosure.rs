//! Who may see what: the rule, as a pure function of the route and of whether a token came along.
//!
//! It compares no token itself.

use crate::dialect::View;
use crate::route::{Route, Seat};
use crate::token::Token;

/// What is disclosed; everything to everybody by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disclosure {
    /// Names, messages, details and figures are for nobody (but who has a token).
    pub(crate) status_only: bool,
    /// Nothing but the probes is there.
    pub(crate) probes_only: bool,
    /// Who presents one of these sees everything; others the status of the probes alone.
    pub(crate) tokens: Vec<Token>,
}

/// What a request is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its answer, as much of it as the view shows.
    Granted(View),
    /// Not without a token.
    Unauthorized,
    /// There is nothing for anybody.
    Hidden,
}

impl Disclosure {
    /// Whether it matters if somebody presents a token.
    pub(crate) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// `presented`: with a good token. `excludes`: asks for a verdict without some checks, which
    /// tells of them one by one; where the status is all that is shown, all checks count.
    pub(crate) fn access(&self, route: Route<'_>, presented: bool, excludes: bool) -> Access {
        let is_probe = matches!(route, Route::Probe(_));
        if self.probes_only && !is_probe {
            return Access::Hidden;
        }
        if presented || (!self.status_only && !self.has_tokens()) {
            return Access::Granted(View::Full);
        }
        // The document is the same everywhere; what it shows, it asks for with the token.
        if self.has_tokens() && matches!(route, Route::Mounted(Seat::Page)) {
            return Access::Granted(View::Full);
        }
        let is_whole = matches!(route, Route::Report | Route::Group(_));
        let shows_status = is_probe || (self.status_only && is_whole);
        if self.has_tokens() && (excludes || !shows_status) {
            Access::Unauthorized
        } else if shows_status {
            Access::Granted(View::StatusOnly)
        } else {
            Access::Hidden
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::Probe;

    const STATUS: Access = Access::Granted(View::StatusOnly);
    const FULL: Access = Access::Granted(View::Full);

    fn disclosure(status_only: bool, probes_only: bool, with_token: bool) -> Disclosure {
        let tokens = with_token.then(|| Token::new("secret").unwrap());
        Disclosure {
            status_only,
            probes_only,
            tokens: tokens.into_iter().collect(),
        }
    }

    #[test]
    fn table() {
        use Access::{Hidden, Unauthorized};
        let probe = Route::Probe(Probe::Ready);
        let group = Route::Group("storage");
        let details = [
            Route::Checks,
            Route::Check("db"),
            Route::Summary,
            Route::History("db"),
            Route::Mounted(Seat::Metrics),
            Route::Mounted(Seat::Events),
            Route::Mounted(Seat::PageState),
        ];
        for (rule, presented, of_probe, of_report, of_details) in [
            (disclosure(false, false, false), false, FULL, FULL, FULL),
            (
                disclosure(true, false, false),
                false,
                STATUS,
                STATUS,
                Hidden,
            ),
            (
                disclosure(false, false, true),
                false,
                STATUS,
                Unauthorized,
                Unauthorized,
            ),
            (disclosure(false, false, true), true, FULL, FULL, FULL),
            (
                disclosure(true, false, true),
                false,
                STATUS,
                STATUS,
                Unauthorized,
            ),
            (disclosure(true, false, true), true, FULL, FULL, FULL),
            (disclosure(false, true, false), false, FULL, Hidden, Hidden),
            (disclosure(true, true, false), false, STATUS, Hidden, Hidden),
            (disclosure(false, true, true), true, FULL, Hidden, Hidden),
        ] {
            let shown = format!("{rule:?} {presented}");
            assert_eq!(rule.access(probe, presented, false), of_probe, "{shown}");
            assert_eq!(
                rule.access(Route::Report, presented, false),
                of_report,
                "{shown}"
            );
            assert_eq!(rule.access(group, presented, false), of_report, "{shown}");
            for route in details {
                assert_eq!(
                    rule.access(route, presented, false),
                    of_details,
                    "{shown} {route:?}"
                );
            }
        }
    }

    #[test]
    fn the_page_itself_is_open_where_a_token_opens_what_it_shows() {
        let page = Route::Mounted(Seat::Page);
        for (rule, access) in [
            (disclosure(false, false, false), FULL),
            (disclosure(false, false, true), FULL),
            (disclosure(true, false, true), FULL),
            (disclosure(true, false, false), Access::Hidden),
            (disclosure(false, true, true), Access::Hidden),
        ] {
            assert_eq!(rule.access(page, false, false), access, "{rule:?}");
        }
    }

    #[test]
    fn an_exclusion_tells_of_checks() {
        let probe = Route::Probe(Probe::Ready);
        for (rule, presented, access) in [
            (disclosure(false, false, false), false, FULL),
            (disclosure(true, false, false), false, STATUS),
            (disclosure(true, false, true), false, Access::Unauthorized),
            (disclosure(false, false, true), false, Access::Unauthorized),
            (disclosure(false, false, true), true, FULL),
        ] {
            assert_eq!(rule.access(probe, presented, true), access, "{rule:?}");
            assert_eq!(
                rule.access(Route::Report, presented, true),
                access,
                "{rule:?}"
            );
        }
    }
}
