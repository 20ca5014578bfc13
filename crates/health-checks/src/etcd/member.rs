//! What a member says of itself, and what that means. Asking it is in `check`.

use health_core::{Outcome, Status};

/// What one run learnt of a member.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) version: String,
    /// 0 if the member knows of none.
    pub(super) leader: u64,
    pub(super) is_leader: bool,
    pub(super) db_size_bytes: i64,
    pub(super) db_used_bytes: i64,
    /// As etcd writes them: `etcdserver: no leader`, `memberID:1 alarm:NOSPACE`.
    pub(super) errors: Vec<String>,
    /// How long a read through the quorum took; `None` if it was not tried.
    pub(super) latency_ms: Option<f64>,
}

impl Member {
    pub(super) fn has_leader(&self) -> bool {
        self.leader != 0 && !self.says("no leader")
    }

    fn says(&self, words: &str) -> bool {
        self.errors.iter().any(|error| error.contains(words))
    }

    /// The gravest of what is wrong, and all details.
    pub(super) fn outcome(&self) -> Outcome {
        let alarms: Vec<&str> = ["CORRUPT", "NOSPACE"]
            .into_iter()
            .filter(|alarm| self.says(alarm))
            .collect();
        let (status, message) = if !self.has_leader() {
            (Status::Unhealthy, NO_LEADER)
        } else if alarms.contains(&"CORRUPT") {
            (
                Status::Unhealthy,
                "etcd has found corrupt data; replace the member that the alarm names",
            )
        } else if alarms.contains(&"NOSPACE") {
            (
                Status::Unhealthy,
                "etcd has used its space quota and refuses writes; compact and defragment it, then disarm the alarm",
            )
        } else {
            (
                Status::Healthy,
                "etcd answers, and has a leader and a quorum",
            )
        };
        let outcome = Outcome::new(status, message)
            .detail("version", self.version.as_str())
            .detail("is_leader", self.is_leader)
            .detail("db_size_bytes", self.db_size_bytes)
            .detail("db_used_bytes", self.db_used_bytes)
            .detail("alarms", alarms);
        match self.latency_ms {
            Some(latency_ms) => outcome.detail("latency_ms", latency_ms),
            None => outcome,
        }
    }
}

pub(super) const NO_LEADER: &str =
    "etcd has no leader; see to its members, and the network between them";

#[cfg(test)]
mod tests {
    use super::*;

    fn member(leader: u64, errors: &[&str]) -> Member {
        Member {
            version: "3.5.1".to_owned(),
            leader,
            is_leader: leader == 1,
            db_size_bytes: 20,
            db_used_bytes: 10,
            errors: errors.iter().map(|&error| error.to_owned()).collect(),
            latency_ms: (leader > 0).then_some(0.5),
        }
    }

    #[test]
    fn what_a_member_says() {
        let space = "memberID:1 alarm:NOSPACE ";
        let corrupt = "memberID:1 alarm:CORRUPT ";
        for (leader, errors, status, words) in [
            (1, &[][..], Status::Healthy, "a leader and a quorum"),
            (2, &[], Status::Healthy, "a leader and a quorum"),
            // What is unknown is detailed in the log of etcd, and is no verdict.
            (1, &["something new"], Status::Healthy, "a leader"),
            (0, &[], Status::Unhealthy, "no leader"),
            (
                1,
                &["etcdserver: no leader"],
                Status::Unhealthy,
                "no leader",
            ),
            (1, &[space], Status::Unhealthy, "space quota"),
            (1, &[corrupt], Status::Unhealthy, "corrupt data"),
            (1, &[space, corrupt], Status::Unhealthy, "corrupt data"),
            (0, &[space], Status::Unhealthy, "no leader"),
        ] {
            let outcome = member(leader, errors).outcome();
            assert_eq!(outcome.status(), status, "{leader} {errors:?}");
            assert!(outcome.message().contains(words), "{outcome:?}");
        }
    }

    #[test]
    fn details() {
        let outcome = member(1, &["memberID:1 alarm:NOSPACE "]).outcome();
        for (name, value) in [
            ("version", "\"3.5.1\""),
            ("is_leader", "true"),
            ("db_size_bytes", "20"),
            ("db_used_bytes", "10"),
            ("alarms", "[\"NOSPACE\"]"),
            ("latency_ms", "0.5"),
        ] {
            assert_eq!(outcome.details()[name].to_string(), value, "{name}");
        }
        assert!(
            !member(0, &[])
                .outcome()
                .details()
                .contains_key("latency_ms")
        );
    }
}
