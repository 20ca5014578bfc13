//! What a monitor said of a follower, moment by moment, as a plot needs it.
//!
//! It draws nothing.

use std::time::Duration;

use health_lag::{
    AlertEvent, AlertKind, Follower, LagMonitor, RegisterError, Sample, SampleError, Status,
};

/// How far ahead the plot shows what was forecast.
pub const HORIZON: Duration = Duration::from_secs(30);

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// When, in seconds.
    pub at: f64,
    /// The lag then.
    pub lag: f64,
    /// What was forecast for a horizon later, and its interval.
    pub forecast: Option<[f64; 3]>,
}

/// How long an alert was on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// What it was about.
    pub kind: AlertKind,
    /// From and to, in seconds.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// Whether it fired, or was pending.
    pub firing: bool,
    /// Whether it was critical from its begin on.
    pub critical: bool,
}

/// A recording of one follower.
#[derive(Debug)]
pub struct Recording {
    monitor: LagMonitor,
    follower: Follower,
    /// Moment by moment.
    pub moments: Vec<Moment>,
    /// Alert by alert, those that are over.
    pub bars: Vec<Bar>,
    open: Vec<Bar>,
    next: u64,
}

impl Recording {
    /// Of a follower that was not heard yet.
    pub fn new() -> Result<Self, RegisterError> {
        let monitor = LagMonitor::new();
        let spec = health_lag::FollowerSpec::new("follower").of("leader");
        Ok(Self {
            follower: monitor.follower_at(spec, Duration::ZERO)?,
            monitor,
            moments: Vec::new(),
            bars: Vec::new(),
            open: Vec::new(),
            next: 1,
        })
    }

    /// Takes a sample; how the follower is then, and what was said.
    pub fn observe(
        &mut self,
        at: Duration,
        sample: Sample,
    ) -> Result<(Option<Status>, Vec<String>), SampleError> {
        self.monitor.advance_to(at);
        self.follower.push_at(at, sample)?;
        let status = self.follower.status_at(at);
        let forecast = self.follower.forecast(HORIZON, 0.9).map(|it| {
            [it.lag, it.interval.lower, it.interval.upper].map(|time| time.as_secs_f64())
        });
        let lag = status.as_ref().and_then(Status::lag_duration);
        self.moments.push(Moment {
            at: at.as_secs_f64(),
            lag: lag.unwrap_or_default().as_secs_f64(),
            forecast,
        });
        Ok((status, self.alerts()))
    }

    fn alerts(&mut self) -> Vec<String> {
        let page = self.monitor.alerts().since(self.next);
        self.next = page.next;
        let mut said = Vec::new();
        for alert in page.alerts {
            let at = alert.at.as_secs_f64();
            self.close(alert.kind, at);
            if alert.event != AlertEvent::Resolved {
                self.open.push(Bar {
                    kind: alert.kind,
                    from: at,
                    to: at,
                    firing: alert.event != AlertEvent::Pending,
                    critical: alert.level == health_lag::Level::Critical,
                });
            }
            said.push(format!("{}: {}", alert.event.name(), alert.message));
        }
        said
    }

    fn close(&mut self, kind: AlertKind, at: f64) {
        let open = self.open.iter().position(|bar| bar.kind == kind);
        if let Some(open) = open {
            let bar = self.open.swap_remove(open);
            self.bars.push(Bar { to: at, ..bar });
        }
    }

    /// Ends what is still on at `at`.
    pub fn end(&mut self, at: Duration) {
        for bar in std::mem::take(&mut self.open) {
            let to = at.as_secs_f64();
            self.bars.push(Bar { to, ..bar });
        }
    }
}
