//! The dialects that probers speak: their names, their media types, and who renders which.
//!
//! Each is one file of pure functions from a status to bytes; the native one is in `native`.

mod actuator;
mod components;
mod go_quote;
mod ietf;
mod kubernetes;
mod microprofile;

use std::sync::Arc;

use health_core::{CheckState, NodeStatus, Report};
use serde::{Serialize, Serializer};

pub(crate) use kubernetes::{Hindrance, Lines, text};

/// A way to say how a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Native,
    Components,
    Ietf,
    Actuator,
    MicroProfile,
    Kubernetes,
}

impl Dialect {
    /// Every dialect, the preferred ones first where a client has no preference.
    pub(crate) const ALL: [Self; 6] = [
        Self::Native,
        Self::Ietf,
        Self::Actuator,
        Self::Kubernetes,
        Self::Components,
        Self::MicroProfile,
    ];

    /// The name in `?format=`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Components => "components",
            Self::Ietf => "ietf",
            Self::Actuator => "actuator",
            Self::MicroProfile => "microprofile",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// The dialect of that name.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name().as_bytes() == name)
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Native | Self::Components | Self::MicroProfile => "application/json",
            Self::Ietf => "application/health+json",
            Self::Actuator => "application/vnd.spring-boot.actuator.v3+json",
            Self::Kubernetes => "text/plain; charset=utf-8",
        }
    }
}

/// How an answer is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) dialect: Dialect,
    /// Of Kubernetes alone: a line for each check, also when all is well.
    pub(crate) verbose: bool,
    /// Of Kubernetes alone: the names that are to count as healthy; sorted, each once.
    pub(crate) excluded: Vec<Vec<u8>>,
    pub(crate) view: View,
}

/// How much of the answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Full,
    /// Neither names nor messages nor figures.
    StatusOnly,
}

impl Form {
    /// How many forms differ in their bytes, exclusions aside.
    pub(crate) const SLOTS: usize = 14;

    pub(crate) fn native(view: View) -> Self {
        Self {
            dialect: Dialect::Native,
            verbose: false,
            excluded: Vec::new(),
            view,
        }
    }

    /// The same in another dialect, which knows neither `verbose` nor `exclude`.
    pub(crate) fn plain(dialect: Dialect, view: View) -> Self {
        Self {
            dialect,
            ..Self::native(view)
        }
    }

    /// Whether the check of that name is to count as healthy.
    pub(crate) fn excludes(&self, name: &str) -> bool {
        let sought = name.as_bytes();
        self.excluded
            .binary_search_by(|excluded| excluded.as_slice().cmp(sought))
            .is_ok()
    }

    /// The place of what is kept of this form, below [`SLOTS`](Self::SLOTS).
    pub(crate) fn slot(&self) -> usize {
        let kind = match (self.dialect, self.verbose) {
            (Dialect::Native, _) => 0,
            (Dialect::Components, _) => 1,
            (Dialect::Ietf, _) => 2,
            (Dialect::Actuator, _) => 3,
            (Dialect::MicroProfile, _) => 4,
            (Dialect::Kubernetes, false) => 5,
            (Dialect::Kubernetes, true) => 6,
        };
        2 * kind + usize::from(self.view == View::StatusOnly)
    }
}

/// What has a status as a whole: the node, one probe of it, or a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) status: NodeStatus,
    /// Answered with 200.
    pub(crate) passing: bool,
    /// The status in a sentence; empty where it is not to be told.
    pub(crate) message: &'a str,
    /// Where identity and checks are told as well.
    pub(crate) report: Option<&'a Report>,
    /// The names of all groups, where the whole is the node.
    pub(crate) groups: Option<&'a [Arc<str>]>,
}

impl Whole<'_> {
    fn checks(&self) -> &[Arc<CheckState>] {
        self.report.map_or(&[], |report| &report.checks)
    }

    /// The sentence, if there is something to say and to tell.
    fn complaint(&self) -> Option<&str> {
        let amiss = self.status != NodeStatus::Healthy;
        Some(self.message).filter(|message| amiss && !message.is_empty())
    }
}

/// A whole in a dialect that is JSON; natively, its status alone.
pub(crate) fn whole(dialect: Dialect, whole: &Whole<'_>) -> Vec<u8> {
    match dialect {
        Dialect::Native | Dialect::Kubernetes => json(&StatusJson {
            status: whole.status,
        }),
        Dialect::Components => components::whole(whole),
        Dialect::Ietf => ietf::whole(whole),
        Dialect::Actuator => actuator::whole(whole),
        Dialect::MicroProfile => microprofile::whole(whole),
    }
}

/// One check in a dialect of others.
pub(crate) fn check(dialect: Dialect, check: &CheckState) -> Vec<u8> {
    match dialect {
        Dialect::Native => crate::native::check(check),
        Dialect::Components => components::check(check),
        Dialect::Ietf => ietf::check(check),
        Dialect::Actuator => actuator::check(check),
        Dialect::MicroProfile => microprofile::check(check),
        Dialect::Kubernetes => kubernetes::check(check),
    }
}

#[derive(Serialize)]
struct StatusJson {
    status: NodeStatus,
}

/// `value` as JSON. Every value here serialises: it has string keys and finite numbers only.
fn json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let written = serde_json::to_writer(&mut out, value);
    debug_assert!(written.is_ok(), "{written:?}");
    out
}

/// Checks as an object: what `entry` makes of each is its name and its value.
struct Object<'a, F>(&'a [Arc<CheckState>], F);

impl<'a, K: Serialize, V: Serialize, F: Fn(&'a CheckState) -> (K, V)> Serialize for Object<'a, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|check| self.1(check)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_lead_back_to_their_dialects() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::named(dialect.name().as_bytes()), Some(dialect));
        }
        for nonsense in [&b""[..], b"IETF", b"native ", b"\xff", b"json"] {
            assert_eq!(Dialect::named(nonsense), None);
        }
    }

    #[test]
    fn every_form_has_a_place_of_its_own() {
        let mut slots = BTreeSet::new();
        for dialect in Dialect::ALL {
            for view in [View::Full, View::StatusOnly] {
                for verbose in [false, true] {
                    let form = Form {
                        verbose,
                        ..Form::plain(dialect, view)
                    };
                    slots.insert(form.slot());
                }
            }
        }
        assert_eq!(slots, (0..Form::SLOTS).collect());
    }
}
