//! What is said of a lag to come.
//!
//! It works nothing out; see `estimate`.

use std::time::Duration;

use serde::Serialize;

use crate::lag::seconds;

/// The lag at a time to come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// How far ahead.
    #[serde(serialize_with = "seconds", rename = "horizon_seconds")]
    pub horizon: Duration,
    /// The lag expected then, in single precision: to 0.2 ms at an hour.
    #[serde(serialize_with = "seconds", rename = "lag_seconds")]
    pub lag: Duration,
    /// Where it lies with the coverage asked for.
    pub interval: Interval,
    /// How it was worked out.
    pub method: Method,
    /// How good such forecasts were of late.
    pub quality: Quality,
}

/// Two ends, and how often the truth should lie between them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    #[serde(serialize_with = "seconds", rename = "lower_seconds")]
    pub lower: Duration,
    /// The upper end.
    #[serde(serialize_with = "seconds", rename = "upper_seconds")]
    pub upper: Duration,
    /// Of how many forecasts the truth should lie within, 0 to 1.
    pub coverage: f64,
}

/// How a forecast is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// The lag stays as it is.
    LastValue,
    /// It goes on along the line of its trend.
    Trend,
    /// It stays at the mean of its present regime.
    Level,
    /// It comes back to its median of long.
    Median,
    /// It is what it was one period ago.
    Recurring,
    /// What positions say: a follower that stands still falls behind by a second a second; one of
    /// which only a least lag is known, as the rates of both have it.
    Rates,
}

/// How good the forecasts of a follower were of late, by those that have come due.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Mean error by that of taking the last value; below 1 is better. `None`: none came due yet.
    pub error_ratio: Option<f64>,
    /// Of how many the truth lay within the interval, 0 to 1.
    pub coverage: Option<f64>,
    /// How many came due; they are judged up to 4 s later, or with the next sample.
    pub matured: u64,
}
