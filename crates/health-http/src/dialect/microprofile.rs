//! The wire format of Eclipse MicroProfile Health 4 (appendix B).
//!
//! `UP` or `DOWN`, nothing between; `checks` is always there; a value in `data` is a string, a
//! number or a boolean. What is nested in the details of a check is written as a string of JSON,
//! and `null` is left out. `message` and `cause` join the details of a check that is not healthy,
//! unless it has details of that name.

use std::sync::Arc;

use health_core::{CheckState, CheckStatus};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Whole, json};

#[derive(Serialize)]
struct Payload<'a> {
    status: &'static str,
    checks: Procedures<'a>,
}

enum Procedures<'a> {
    All(&'a [Arc<CheckState>]),
    One(&'a CheckState),
}

impl Serialize for Procedures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(checks) => {
                serializer.collect_seq(checks.iter().map(|check| Procedure::new(check)))
            }
            Self::One(check) => {
                let mut one = serializer.serialize_seq(Some(1))?;
                one.serialize_element(&Procedure::new(check))?;
                one.end()
            }
        }
    }
}

#[derive(Serialize)]
struct Procedure<'a> {
    name: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Data::is_empty")]
    data: Data<'a>,
}

impl<'a> Procedure<'a> {
    fn new(check: &'a CheckState) -> Self {
        Self {
            name: check.name(),
            status: up(is_up(check)),
            data: Data {
                details: check.details.as_deref(),
                amiss: Some(check).filter(|check| !check.healthy()),
            },
        }
    }
}

struct Data<'a> {
    details: Option<&'a Map<String, Value>>,
    amiss: Option<&'a CheckState>,
}

impl Data<'_> {
    fn is_empty(&self) -> bool {
        self.amiss.is_none()
            && self
                .details
                .is_none_or(|map| map.values().all(Value::is_null))
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let details = self.details.into_iter().flatten();
        let told = details.filter_map(|(key, value)| Some((key.as_str(), scalar(value)?)));
        let known = |key: &str| self.details.is_some_and(|map| map.contains_key(key));
        let ours = self.amiss.into_iter().flat_map(|check| {
            let cause = Value::from(check.cause.as_str());
            [("message", Value::from(check.reason())), ("cause", cause)]
        });
        serializer.collect_map(told.chain(ours.filter(|(key, _)| !known(key))))
    }
}

/// A value that this format can hold.
fn scalar(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => Some(Value::from(value.to_string())),
        scalar => Some(scalar.clone()),
    }
}

fn is_up(check: &CheckState) -> bool {
    matches!(check.status, CheckStatus::Healthy | CheckStatus::Degraded)
}

fn up(is_up: bool) -> &'static str {
    if is_up { "UP" } else { "DOWN" }
}

pub(super) fn whole(whole: &Whole<'_>) -> Vec<u8> {
    json(&Payload {
        status: up(whole.passing),
        checks: Procedures::All(whole.checks()),
    })
}

pub(super) fn check(check: &CheckState) -> Vec<u8> {
    json(&Payload {
        status: up(is_up(check)),
        checks: Procedures::One(check),
    })
}
