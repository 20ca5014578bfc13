//! A trace: readings of one follower with what the lag truly was, real or made.
//!
//! It makes none; see `families`.

use std::path::Path;

/// What was read, and what was true, at one time.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When, in seconds.
    pub at: f64,
    /// Where the leader was.
    pub leader: u64,
    /// Where the follower was.
    pub applied: u64,
    /// With hindsight.
    pub lag: f64,
}

/// Points in the order of time.
#[derive(Clone, Debug)]
pub struct Trace {
    /// As it is called.
    pub name: String,
    /// What was read.
    pub points: Vec<Point>,
    /// When somebody did something to it.
    pub interventions: Vec<f64>,
    /// From here on it is as it should be.
    pub from: f64,
}

impl Trace {
    /// The lag at a time between two points; `None` beyond the last.
    pub fn lag_at(&self, at: f64) -> Option<f64> {
        let after = self.points.partition_point(|point| point.at < at);
        let to = self.points.get(after)?;
        let from = self.points.get(after.saturating_sub(1))?;
        if to.at <= from.at {
            return Some(to.lag);
        }
        let part = (at - from.at) / (to.at - from.at);
        Some(from.lag + part * (to.lag - from.lag))
    }

    /// Whether somebody did something after `from`, up to `to`.
    pub fn is_disturbed(&self, from: f64, to: f64) -> bool {
        self.interventions.iter().any(|at| *at > from && *at <= to)
    }

    /// The times at which the lag crosses `limit` from below.
    pub fn crossings(&self, limit: f64) -> Vec<f64> {
        let pairs = self.points.windows(2);
        pairs
            .filter_map(|pair| match pair {
                [from, to] if from.lag < limit && to.lag >= limit => Some(to.at),
                _ => None,
            })
            .collect()
    }
}

/// Reads the real trace and its phases from `directory`.
pub fn real(directory: &Path) -> std::io::Result<Trace> {
    let rows = read(&directory.join("pg_replication_lag.csv"))?;
    let phases = read(&directory.join("pg_replication_lag_phases.csv"))?;
    let points = rows.iter().filter_map(|row| {
        let mut cells = row.split(',');
        Some(Point {
            at: cells.next()?.parse().ok()?,
            leader: cells.next()?.parse().ok()?,
            applied: cells.next()?.parse().ok()?,
            lag: cells.next()?.parse().ok()?,
        })
    });
    let interventions = phases
        .iter()
        .filter_map(|row| row.split(',').next()?.parse().ok());
    Ok(Trace {
        name: "real".to_owned(),
        points: points.collect(),
        interventions: interventions.collect(),
        from: 0.0,
    })
}

/// The rows below the header.
fn read(file: &Path) -> std::io::Result<Vec<String>> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}
