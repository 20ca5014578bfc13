//! How far a replica and its primary are, from what both said, and what of it is proven. Pure.
//!
//! How they are asked is in `replica`, how ids and files read in `gtid`, `gtid_set` and `binlog`.

use super::binlog::Binlogs;
use super::gtid::Gtids;
use super::gtid_set::GtidSet;
use super::status::Status;
use super::trouble;
use crate::sample::Sample;
use crate::source::{FollowerReading, Readings};
use crate::source_error::SourceError;

const NO_LOG: &str = "the primary writes no binary log; set log_bin";

/// What a primary says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Primary {
    pub(super) id: u64,
    pub(super) logs: bool,
    /// The ids that it has written, as its kind prints them.
    pub(super) gtids: String,
}

/// A replica and its leader, as far as it is known.
#[derive(Debug)]
pub(super) struct View {
    status: Status,
    leader: u64,
    applied: u64,
    received: Option<u64>,
    /// The server that is followed.
    epoch: u64,
    /// The primary itself was asked.
    asked: bool,
}

impl View {
    fn sample(&self) -> Result<Sample, SourceError> {
        let unproven = if self.asked || self.status.receives {
            self.applied >= self.leader
        } else {
            // Nobody knows how far the primary is.
            true
        };
        match self.status.broken() {
            Some(reason) if unproven => Err(SourceError::new(reason)),
            _ => Ok(Sample {
                received: self.received,
                ..Sample::new(self.leader, self.applied).epoch(self.epoch)
            }),
        }
    }

    pub(super) fn readings(&self, name: &str) -> Readings {
        let mut reading = FollowerReading::new(name, self.sample())
            .detail("receives", self.status.receives)
            .detail("applies", self.status.applies);
        if let Some(seconds) = self.status.seconds_behind {
            reading = reading.detail("seconds_behind", seconds);
        }
        if let Some(reason) = self.status.broken() {
            reading = reading.remark(reason);
        }
        let readings = Readings::new().follower(reading);
        if self.asked {
            readings.leader(self.leader, self.epoch)
        } else {
            readings
        }
    }

    /// By ids of one kind: what was read, if it is told, and the primary, if it was asked.
    fn by<I: Ids>(
        status: Status,
        applied: &I,
        read: Option<&I>,
        primary: Option<(u64, I)>,
    ) -> Result<Self, SourceError> {
        let received = read.map(|read| applied.with(read));
        let epoch = primary.as_ref().map_or(status.primary_id, |(id, _)| *id);
        let asked = primary.map(|(_, written)| written);
        let leader = asked.as_ref().or(received.as_ref());
        let leader = leader.ok_or_else(trouble::foreign)?;
        Ok(Self {
            leader: leader.count(),
            applied: applied.count_in(leader),
            received: received.as_ref().map(|it| it.count_in(leader)),
            epoch,
            asked: asked.is_some(),
            status,
        })
    }
}

/// Ids that count transactions.
trait Ids: Sized {
    fn count(&self) -> u64;
    fn count_in(&self, leader: &Self) -> u64;
    fn with(&self, other: &Self) -> Self;
}

impl Ids for Gtids {
    fn count(&self) -> u64 {
        self.position()
    }
    fn count_in(&self, leader: &Self) -> u64 {
        self.position_in(leader)
    }
    fn with(&self, other: &Self) -> Self {
        self.or_later(other)
    }
}

impl Ids for GtidSet {
    fn count(&self) -> u64 {
        self.position()
    }
    fn count_in(&self, leader: &Self) -> u64 {
        self.position_in(leader)
    }
    fn with(&self, other: &Self) -> Self {
        self.or(other)
    }
}

/// By MariaDB's ids: the last that was applied.
pub(super) fn by_gtid(
    status: Status,
    applied: &str,
    primary: Option<&Primary>,
) -> Result<View, SourceError> {
    let read_last = |text: &str| Gtids::read(text).ok_or_else(trouble::foreign);
    let applied = read_last(applied)?;
    let read = read_last(status.read_gtids.as_deref().unwrap_or_default())?;
    let read = Some(read).filter(|read| *read != Gtids::default());
    let primary = match primary {
        Some(primary) => {
            follows(&status, primary)?;
            Some((primary.id, read_last(&primary.gtids)?))
        }
        None if read.is_none() => {
            return Err(SourceError::new(
                "the replica does not follow by ids; CHANGE MASTER TO MASTER_USE_GTID=slave_pos, or give its primary",
            ));
        }
        None => None,
    };
    View::by(status, &applied, read.as_ref(), primary)
}

/// By MySQL's ids: all that were applied.
pub(super) fn by_gtid_set(status: Status, primary: Option<&Primary>) -> Result<View, SourceError> {
    let read_all = |text: &str| GtidSet::read(text).ok_or_else(trouble::foreign);
    let all = |text: &Option<String>| read_all(text.as_deref().ok_or_else(trouble::foreign)?);
    let (read, applied) = (all(&status.retrieved)?, all(&status.executed)?);
    let primary = match primary {
        Some(primary) => {
            follows(&status, primary)?;
            Some((primary.id, read_all(&primary.gtids)?))
        }
        None => None,
    };
    View::by(status, &applied, Some(&read), primary)
}

/// By files of the log, and their sizes on the primary.
pub(super) fn by_file(
    status: Status,
    primary: &Primary,
    files: &[(String, u64)],
    logs: &mut Binlogs,
) -> Result<View, SourceError> {
    let leader = logs.learn(files).ok_or_else(|| SourceError::new(NO_LOG))?;
    let applied = logs
        .position(&status.applied.0, status.applied.1)
        .ok_or_else(|| {
            SourceError::new(
                "the replica applies a file of the log that its primary has no more; see whether it follows this primary",
            )
        })?;
    Ok(View {
        leader,
        applied,
        received: logs.position(&status.read.0, status.read.1),
        epoch: primary.id,
        asked: true,
        status,
    })
}

/// That the replica follows this server.
pub(super) fn follows(status: &Status, primary: &Primary) -> Result<(), SourceError> {
    if !primary.logs {
        return Err(SourceError::new(NO_LOG));
    }
    // It is 0 until they were connected.
    if status.primary_id != 0 && status.primary_id != primary.id {
        return Err(SourceError::new(format!(
            "the replica follows server {}, and its primary is said to be server {}; see whether it failed over, or correct an address",
            status.primary_id, primary.id
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(receives: bool, applies: bool) -> Status {
        Status {
            receives,
            applies,
            primary_id: 7,
            read: ("log.2".to_owned(), 30),
            applied: ("log.1".to_owned(), 90),
            read_gtids: Some("0-7-100".to_owned()),
            ..Status::default()
        }
    }

    #[test]
    fn broken_is_never_zero() {
        let view = |receives, applies, applied, asked| View {
            status: status(receives, applies),
            leader: 100,
            applied,
            received: None,
            epoch: 7,
            asked,
        };
        for (view, expected) in [
            (view(true, true, 100, true), Ok(0)),
            (view(true, true, 90, false), Ok(10)),
            (view(true, false, 90, true), Ok(10)),
            (view(true, false, 90, false), Ok(10)),
            (view(true, false, 100, true), Err("SQL thread")),
            (view(true, false, 100, false), Err("SQL thread")),
            (view(false, true, 90, true), Ok(10)),
            (view(false, true, 90, false), Err("IO thread")),
            (view(false, true, 100, true), Err("IO thread")),
            (view(false, false, 90, false), Err("is stopped")),
            (view(false, false, 90, true), Ok(10)),
        ] {
            match (view.sample(), expected) {
                (Ok(sample), Ok(behind)) => assert_eq!(sample.behind(), behind),
                (Err(error), Err(words)) => assert!(error.message().contains(words), "{error}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn positions_by_file() {
        let files = |sizes: &[u64]| -> Vec<_> {
            let names = (1..).map(|number| format!("log.{number}"));
            names.zip(sizes.iter().copied()).collect()
        };
        let mut logs = Binlogs::default();
        let primary = primary("");
        let view = by_file(status(true, true), &primary, &files(&[100, 50]), &mut logs).unwrap();
        assert_eq!(
            (view.leader, view.applied, view.received),
            (150, 90, Some(130))
        );
        for (files, words) in [
            (vec![], "log_bin"),
            (vec![("x.1".to_owned(), 9)], "has no more"),
        ] {
            let error = by_file(status(true, true), &primary, &files, &mut logs).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }

    fn primary(gtids: &str) -> Primary {
        Primary {
            id: 7,
            logs: true,
            gtids: gtids.to_owned(),
        }
    }

    fn positions(view: &View) -> (u64, u64, Option<u64>) {
        (view.leader, view.applied, view.received)
    }

    #[test]
    fn positions_by_what_was_received() {
        let applied = "0-7-90,3-1-5000";
        let view = by_gtid(status(true, true), applied, None).unwrap();
        assert_eq!(positions(&view), (5_100, 5_090, Some(5_100)));
        let unread = Status {
            read_gtids: Some(String::new()),
            ..status(true, true)
        };
        let error = by_gtid(unread.clone(), applied, None).unwrap_err();
        assert!(error.message().contains("MASTER_USE_GTID"), "{error}");
        let view = by_gtid(unread, applied, Some(&primary("0-7-95"))).unwrap();
        assert_eq!(positions(&view), (95, 90, None));
    }

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    #[test]
    fn positions_by_sets() {
        let told = |retrieved: &str, executed: &str| Status {
            retrieved: Some(retrieved.replace('A', A)),
            executed: Some(executed.replace('A', A)),
            ..status(true, true)
        };
        for (retrieved, executed, written, expected) in [
            ("A:1-100", "A:1-90", None, (100, 90, Some(100))),
            // A relay log that was begun anew holds the end alone.
            ("A:95-100", "A:1-94", None, (100, 94, Some(100))),
            ("", "A:1-94", None, (94, 94, Some(94))),
            (
                "A:1-95",
                "A:1-90,\n896e7882-18fe-11ef-ab88-22222d34d411:1-7",
                Some("A:1-100"),
                (100, 90, Some(95)),
            ),
            ("", "", Some("A:1-100:tag:1"), (101, 0, Some(0))),
            // Several are applied at once, and the first is not the first to end.
            (
                "A:1-100",
                "A:1-40:42-50",
                Some("A:1-100"),
                (100, 49, Some(100)),
            ),
        ] {
            let primary = written.map(|written| primary(&written.replace('A', A)));
            let view = by_gtid_set(told(retrieved, executed), primary.as_ref()).unwrap();
            assert_eq!(
                positions(&view),
                expected,
                "{retrieved} {executed} {written:?}"
            );
        }
        for (status, written) in [
            (told("no", ""), ""),
            (told("", "no"), ""),
            (told("", ""), "0-1-5"),
            (status(true, true), ""),
        ] {
            let error = by_gtid_set(status, Some(&primary(written))).unwrap_err();
            assert!(error.message().contains("does not answer as"), "{error}");
        }
    }

    #[test]
    fn who_is_followed() {
        let of = |id| Status {
            primary_id: id,
            ..status(false, true)
        };
        let written = primary("0-7-200");
        // One that was not connected since it started is behind the server that it will follow.
        for id in [0, 7] {
            let view = by_gtid(of(id), "0-7-90", Some(&written)).unwrap();
            assert_eq!(view.sample().unwrap().epoch, 7);
        }
        let silent = Primary {
            logs: false,
            ..written.clone()
        };
        for (status, primary, words) in [
            (
                of(8),
                &written,
                "follows server 8, and its primary is said to be server 7",
            ),
            (of(7), &silent, "log_bin"),
        ] {
            let error = by_gtid(status, "0-7-90", Some(primary)).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }
}
