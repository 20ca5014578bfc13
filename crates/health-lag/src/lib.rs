//! Replication lag: measured, judged, predicted, alerted.

mod alert;
mod breach;
mod condition;
mod estimate;
mod forecast;
mod lag;
mod level;
mod rate;
mod sample;
mod timeline;

pub use alert::{Alert, AlertEvent, AlertKind};
pub use breach::Crossing;
pub use condition::{Condition, Conditions};
pub use estimate::{Estimator, Reading};
pub use forecast::{Forecast, Interval, Method, Quality};
pub use lag::{Lag, Rates};
pub use level::Level;
pub use sample::{Sample, SampleError};
pub use timeline::{Timeline, WentBack};
