//! Replication lag: measured, judged, predicted, alerted.

mod alert;
mod breach;
mod condition;
mod forecast;
mod lag;
mod level;
mod sample;

pub use alert::{Alert, AlertEvent, AlertKind};
pub use breach::Crossing;
pub use condition::{Condition, Conditions};
pub use forecast::{Forecast, Interval, Method, Quality};
pub use lag::{Lag, Rates};
pub use level::Level;
pub use sample::{Sample, SampleError};
