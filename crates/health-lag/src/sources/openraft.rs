//! The followers of a Raft leader, from the metrics that `openraft` keeps.
//!
//! Positions are indices of the log, and the epoch is the term. It asks no other node.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use openraft::{Node, NodeId, RaftMetrics};
use tokio::sync::watch;

use crate::clock;
use crate::sample::Sample;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::SourceError;

/// The followers of this node while it is the leader, from [`RaftMetrics`]: the last entry that
/// each has stored, against the last one of the leader. What they have applied only they know.
///
/// A follower is called by its id. One that has never answered (`None` in `replication`) is an
/// error, not at zero. A node that does not lead knows no follower: they are forgotten there, and
/// are to be asked of the leader. A leader that has had no answer of a quorum for 10 s, or whose
/// metrics stand still for as long, may be none any more, and is an error. `openraft` 0.9 does not tell when a single follower last answered, so
/// one that fails while nothing is written is not seen before the next entry. Detail: `leader`.
///
/// ```
/// use health_lag::{LagSource, openraft::OpenraftLeader};
/// use openraft::{BasicNode, RaftMetrics};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// // As `Raft::metrics()` gives it.
/// let (_node, metrics) = tokio::sync::watch::channel(RaftMetrics::<u64, BasicNode>::new_initial(1));
/// let readings = OpenraftLeader::new(metrics).poll().await?;
/// assert!(readings.followers().is_empty());
/// # Ok::<(), health_lag::SourceError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OpenraftLeader<NID: NodeId, N: Node> {
    metrics: Mutex<Followed<NID, N>>,
    silence: Duration,
}

/// The metrics, and since when they have been as they are.
struct Followed<NID: NodeId, N: Node> {
    metrics: watch::Receiver<RaftMetrics<NID, N>>,
    since: Option<Instant>,
}

impl<NID: NodeId, N: Node> OpenraftLeader<NID, N> {
    /// From what `Raft::metrics()` gives.
    pub fn new(metrics: watch::Receiver<RaftMetrics<NID, N>>) -> Self {
        Self {
            metrics: Mutex::new(Followed {
                metrics,
                since: None,
            }),
            silence: Duration::from_secs(10),
        }
    }

    /// For how long a leader may have no answer of a quorum, or say nothing new.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }
}

fn readings<NID: NodeId, N: Node>(
    metrics: &RaftMetrics<NID, N>,
    still: Duration,
    silence: Duration,
) -> Result<Readings, SourceError> {
    if let Err(fatal) = &metrics.running_state {
        let stopped = SourceError::new("the raft node has stopped; see its log, and restart it");
        return Err(stopped.with_error(fatal.to_string()));
    }
    let readings = Readings::new().complete();
    let Some(replication) = &metrics.replication else {
        return Ok(readings);
    };
    let quorum = metrics.millis_since_quorum_ack.map(Duration::from_millis);
    if quorum.is_some_and(|since| since > silence) {
        return Err(SourceError::new(
            "the raft leader has no answer of a quorum, and may lead no more; see to the other nodes and the network",
        ));
    }
    let has_others = replication.keys().any(|id| *id != metrics.id);
    if has_others && still > silence {
        return Err(SourceError::new(
            "the raft leader says nothing new, not even of its heartbeats; see whether it hangs",
        ));
    }
    let leader = metrics.last_log_index;
    let epoch = metrics.current_term;
    let others = replication.iter().filter(|(id, _)| **id != metrics.id);
    let readings = others.fold(readings, |readings, (id, matched)| {
        let sample = leader.zip(matched.as_ref()).map_or_else(
            || {
                Err(SourceError::new(
                    "the follower has not answered this leader yet; see whether it runs",
                ))
            },
            |(leader, matched)| Ok(Sample::new(leader, matched.index).epoch(epoch)),
        );
        let reading = FollowerReading::new(id.to_string(), sample);
        readings.follower(reading.detail("leader", metrics.id.to_string()))
    });
    Ok(match leader {
        Some(position) => readings.leader(position, epoch),
        None => readings,
    })
}

impl<NID: NodeId, N: Node> fmt::Debug for OpenraftLeader<NID, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenraftLeader")
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<NID: NodeId, N: Node> LagSource for OpenraftLeader<NID, N> {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let now = clock::instant();
        let mut followed = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(changed) = followed.metrics.has_changed() else {
            return Err(SourceError::new(
                "the raft node is gone; see why it was shut down",
            ));
        };
        if changed || followed.since.is_none() {
            followed.since = Some(now);
        }
        let still = followed
            .since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let metrics = followed.metrics.borrow_and_update();
        readings(&metrics, still, self.silence)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use openraft::error::Fatal;
    use openraft::{BasicNode, CommittedLeaderId, LogId};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    type Metrics = RaftMetrics<u64, BasicNode>;

    fn metrics() -> Metrics {
        let at = |index| Some(LogId::new(CommittedLeaderId::new(3, 1), index));
        Metrics {
            current_term: 3,
            last_log_index: Some(100),
            replication: Some(BTreeMap::from([(1, at(100)), (2, at(90)), (4, None)])),
            millis_since_quorum_ack: Some(50),
            ..Metrics::new_initial(1)
        }
    }

    #[test]
    fn followers() {
        let readings = readings(&metrics(), Duration::ZERO, SECOND).unwrap();
        assert!(readings.complete);
        let leader = readings.leader.unwrap();
        assert_eq!((leader.position, leader.epoch), (100, 3));
        let [two, four] = readings.followers() else {
            panic!("{readings:?}")
        };
        assert_eq!((two.follower.as_str(), four.follower.as_str()), ("2", "4"));
        assert_eq!(*two.sample.as_ref().unwrap(), Sample::new(100, 90).epoch(3));
        let error = four.sample.as_ref().unwrap_err();
        assert!(error.message().contains("has not answered"), "{error}");
    }

    #[test]
    fn who_does_not_lead_knows_nothing() {
        let change = |change: fn(&mut Metrics)| {
            let mut metrics = metrics();
            change(&mut metrics);
            readings(&metrics, Duration::ZERO, SECOND)
        };
        let none = change(|it| it.replication = None).unwrap();
        assert!(none.followers().is_empty() && none.complete && none.leader.is_none());
        for (changed, words) in [
            (
                change(|it| it.millis_since_quorum_ack = Some(1_001)),
                "no answer of a quorum",
            ),
            (
                change(|it| it.running_state = Err(Fatal::Panicked)),
                "has stopped",
            ),
        ] {
            let error = changed.unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
        let late = SECOND + Duration::from_millis(1);
        let error = readings(&metrics(), late, SECOND).unwrap_err();
        assert!(error.message().contains("says nothing new"), "{error}");
        let alone = Metrics {
            replication: Some(BTreeMap::from([(1, None)])),
            ..metrics()
        };
        assert!(readings(&alone, late, SECOND).is_ok());
        let empty = change(|it| it.last_log_index = None).unwrap();
        assert!(empty.followers().iter().all(|it| it.sample.is_err()));
    }
}
