//! A monitor that is told what a source brings.
//!
//! It polls nothing; see `poller`. What samples mean, the monitor decides.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::follower::Follower;
use crate::leader::Standpoint;
use crate::monitor::LagMonitor;
use crate::sample::Sample;
use crate::sink::LagSink;
use crate::source_error::SourceError;
use crate::spec::{FollowerSpec, MAX_NAME, RegisterError};

impl LagMonitor {
    /// Takes what a source brings of the followers of this leader.
    ///
    /// A follower is registered when it is named for the first time, and taken away when it is
    /// forgotten, unless it is [expected](MonitorSink::expect); one that is registered already under this leader is taken over. As long as its
    /// source fails or hangs no sample is told of it, and so it has no data in time, never a lag of
    /// zero, and says why. Characters of a name that the monitor does not take become `_`.
    ///
    /// ```
    /// # use async_trait::async_trait;
    /// # use health_lag::{FollowerReading, LagSource, Readings, Sample, SourceError};
    /// # struct Queue;
    /// # #[async_trait]
    /// # impl LagSource for Queue {
    /// #     async fn poll(&self) -> Result<Readings, SourceError> {
    /// #         Ok(Readings::new().follower(FollowerReading::new("worker", Ok(Sample::new(7, 7)))))
    /// #     }
    /// # }
    /// use health_lag::{LagMonitor, Poller};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let monitor = LagMonitor::new();
    /// monitor.watch()?; // finds out that a source went silent
    /// let sink = monitor.sink("queue").expect("worker")?;
    /// let polling = Poller::new("queue", Queue).start(sink)?;
    /// polling.watch().next().await;
    /// assert_eq!(monitor.get("worker").and_then(|it| it.status()).unwrap().explain(), "caught up");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sink(&self, leader: impl AsRef<str>) -> MonitorSink {
        MonitorSink {
            monitor: self.clone(),
            leader: allowed(leader.as_ref()),
            prefix: String::new(),
            followers: BTreeMap::new(),
            taken: HashSet::new(),
            expected: HashSet::new(),
            standpoint: Standpoint::default(),
        }
    }
}

/// A [`LagMonitor`] that is told what a source brings; see [`LagMonitor::sink`].
#[derive(Debug)]
pub struct MonitorSink {
    monitor: LagMonitor,
    leader: String,
    prefix: String,
    /// By the name that the source gives; `None` if it was refused.
    followers: BTreeMap<String, Option<Follower>>,
    /// The names that they have in the monitor.
    taken: HashSet<String>,
    /// Those that stay, by the name that the source gives.
    expected: HashSet<String>,
    /// The leader as it was last told itself.
    standpoint: Standpoint,
}

impl MonitorSink {
    /// Puts this before each name, so that followers of several sources differ.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Registers a follower that must be there: it has no data until the source tells of it, also
    /// if it never does, and when it has been silent for long.
    pub fn expect(mut self, follower: impl AsRef<str>) -> Result<Self, RegisterError> {
        let name = follower.as_ref();
        let handle = self.register(name)?;
        self.followers.insert(name.to_owned(), Some(handle));
        self.expected.insert(name.to_owned());
        Ok(self)
    }

    fn register(&mut self, follower: &str) -> Result<Follower, RegisterError> {
        let name = allowed(&format!("{}{follower}", self.prefix));
        if !self.taken.insert(name.clone()) {
            return Err(RegisterError::Taken(name));
        }
        let registered = self
            .monitor
            .follower(FollowerSpec::new(&name).of(&self.leader))
            .or_else(|error| self.take_over(&name).ok_or(error));
        if registered.is_err() {
            self.taken.remove(&name);
        }
        registered
    }

    /// One that is there already, and follows the same leader.
    fn take_over(&self, name: &str) -> Option<Follower> {
        let found = self.monitor.get(name)?;
        (found.leader() == Some(&self.leader)).then_some(found)
    }

    /// The follower, registered if it is new.
    fn follower(&mut self, name: &str) -> Option<Follower> {
        if let Some(known) = self.followers.get(name) {
            return known.clone();
        }
        let registered = self.register(name);
        if let Err(error) = &registered {
            tracing::warn!(leader = %self.leader, "a follower is left out: {error}");
        }
        let follower = registered.ok();
        self.followers.insert(name.to_owned(), follower.clone());
        follower
    }
}

/// The name with what the monitor takes, and as long as it takes.
fn allowed(name: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let chars = name.chars().map(|c| if is_allowed(c) { c } else { '_' });
    chars.take(MAX_NAME).collect()
}

impl LagSink for MonitorSink {
    fn sample(&mut self, follower: &str, sample: Sample) {
        if let Some(follower) = self.follower(follower) {
            // It counts what it refuses.
            let _ = follower.push(sample);
        }
    }

    fn leader(&mut self, position: u64, epoch: u64) {
        let Some(group) = self.monitor.shared.registry().group(&self.leader) else {
            return;
        };
        // A leader is a follower of itself that has applied everything.
        let sample = Sample::new(position, position).epoch(epoch);
        let now = self.monitor.now();
        group
            .lock()
            .leader
            .locate(&mut self.standpoint, &sample, now);
    }

    fn failed(&mut self, follower: Option<&str>, error: &SourceError) {
        let trouble = error.kept();
        match follower {
            // It is there, and has no data.
            Some(name) => {
                if let Some(follower) = self.follower(name) {
                    follower.told_of(trouble);
                }
            }
            None => {
                for follower in self.followers.values().flatten() {
                    follower.told_of(Arc::clone(&trouble));
                }
            }
        }
    }

    fn forgotten(&mut self, follower: &str) {
        if self.expected.contains(follower) {
            let gone = SourceError::new("its source knows it no more; see whether it exists");
            return self.failed(Some(follower), &gone);
        }
        if let Some(Some(handle)) = self.followers.remove(follower) {
            self.taken.remove(handle.name());
            handle.unregister();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(monitor: &LagMonitor) -> Vec<String> {
        let followers = monitor.followers();
        followers.iter().map(|it| it.name().to_owned()).collect()
    }

    #[test]
    fn names_are_made_to_fit() {
        for (name, expected) in [
            ("10.0.0.7:6379", "10.0.0.7:6379"),
            ("[::1]:6379", "_::1_:6379"),
            ("my standby", "my_standby"),
            ("é", "_"),
            (&"x".repeat(99), &"x".repeat(60)),
        ] {
            assert_eq!(allowed(name), expected);
        }
    }

    #[test]
    fn followers_come_and_go_with_their_source() {
        let monitor = LagMonitor::new();
        let error = SourceError::new("no");
        let mut sink = monitor.sink("db1").expect("must").unwrap().prefix("db1-");
        assert_eq!(names(&monitor), ["must"]);
        sink.leader(5, 1);
        sink.sample("a", Sample::new(9, 7));
        sink.sample("a", Sample::new(9, 8));
        sink.failed(Some("b"), &error);
        sink.failed(None, &error);
        assert_eq!(names(&monitor), ["db1-a", "db1-b", "must"]);
        let status = |name: &str| monitor.get(name).unwrap().status().unwrap();
        assert_eq!(status("db1-a").samples, 2);
        assert_eq!((status("db1-b").samples, status("must").samples), (0, 0));
        sink.forgotten("a");
        sink.forgotten("must");
        assert_eq!(names(&monitor), ["db1-b", "must"]);
        assert!(status("must").trouble.unwrap().contains("knows it no more"));

        // Two names that become one are two followers all the same.
        sink.sample("x y", Sample::new(9, 7));
        sink.sample("x_y", Sample::new(9, 1));
        assert_eq!(status("db1-x_y").samples, 1);
        // Those of other leaders are not touched, and one's own are taken over.
        monitor.follower(FollowerSpec::new("z").of("db2")).unwrap();
        let mut again = monitor.sink("db1").prefix("");
        again.sample("z", Sample::new(9, 7));
        again.sample("must", Sample::new(9, 7));
        assert_eq!((status("z").samples, status("must").samples), (0, 1));
    }

    /// While no follower tells anything, the leader does: the lag is then not interpolated over the
    /// gap.
    #[tokio::test(start_paused = true)]
    async fn the_leader_is_known_without_followers() {
        let monitor = LagMonitor::new();
        let mut sink = monitor.sink("db1");
        let second = std::time::Duration::from_secs(1);
        sink.sample("a", Sample::new(100, 100));
        // It writes for a second after ten seconds, and then no more.
        for at in 1..=20 {
            tokio::time::sleep(second).await;
            sink.leader(if at > 10 { 200 } else { 100 }, 0);
        }
        sink.sample("a", Sample::new(200, 150));
        let status = monitor.get("a").unwrap().status().unwrap();
        let lag = status.lag_duration().unwrap();
        assert!((9.0..=10.0).contains(&lag.as_secs_f64()), "{lag:?}");
    }
}
