//! Asks a member how it is, and reads through the quorum.
//!
//! What the answers mean is in `member`, what failures mean in `advice`.

use std::time::Duration;

use async_trait::async_trait;
use etcd_client::{Client, ConnectOptions, Error, GetOptions};
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::time::timeout_at;

use super::advice;
use super::door::Door;
use super::member::Member;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::margin;

const NAME: &str = "etcd";
/// The key that etcd's own `/health` reads, too; it need not exist.
const KEY: &str = "health";

/// Watches an etcd member: that it answers, knows a leader, reads through the quorum (a
/// linearizable read of the key `health`, as etcd's own `/health` does), and that no alarm
/// (`NOSPACE`, `CORRUPT`) is raised.
///
/// Unhealthy when any of that fails; a read that the user's rights do not allow is answered
/// by the quorum all the same, and is healthy. Registered as `etcd`: critical, a shared
/// dependency, every 30 s, with a timeout of 10 s, down after 3 bad runs and up after 2 good
/// ones. Its details are `latency_ms` (of the read), `version`, `is_leader` (of the member
/// asked), `db_size_bytes`, `db_used_bytes` (without what defragmentation would free) and
/// `alarms` (of any member; etcd before 3.4 does not tell them).
///
/// With several endpoints, any of them is asked; to watch each member, register a check each.
///
/// ```no_run
/// use health_checks::etcd::EtcdCheck;
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// let client = etcd_client::Client::connect(["http://etcd:2379"], None).await?;
/// health.register(EtcdCheck::shared(client.clone()))?;
///
/// let other = EtcdCheck::connect(["http://etcd-2:2379"])?;
/// health.register(other.registration().named("etcd-2"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct EtcdCheck {
    door: Door,
}

impl EtcdCheck {
    /// Asks through a client of the service, which reconnects by itself. The timeouts of that
    /// client hold too.
    pub fn shared(client: Client) -> Self {
        Self {
            door: Door::Shared(client),
        }
    }

    /// Connects to endpoints `[http[s]://]host:port` by itself, and keeps one client.
    pub fn connect<E: Into<String>>(
        endpoints: impl IntoIterator<Item = E>,
    ) -> Result<Self, InvalidCheck> {
        let endpoints = endpoints.into_iter().map(Into::into).collect();
        Ok(Self {
            door: Door::own(NAME, endpoints)?,
        })
    }

    /// Connects with these options, such as credentials; a shared client has its own already.
    pub fn options(mut self, options: ConnectOptions) -> Self {
        if let Door::Own { way, .. } = &mut self.door {
            way.options = options;
        }
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        Registration::new(NAME, self)
            .description("an etcd member and its quorum")
            .critical()
            .shared_dependency()
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(10))
            .thresholds(3, 2)
    }
}

impl From<EtcdCheck> for Registration {
    fn from(check: EtcdCheck) -> Self {
        check.registration()
    }
}

#[async_trait]
impl Check for EtcdCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        // The runner has the same deadline, and would say no more than that it has passed.
        let until = margin::before(clock::instant(), cx.deadline(), margin::TO_SAY_SO);
        match timeout_at(until.into(), Box::pin(self.door.with(measure))).await {
            Ok(Ok(member)) => member.outcome(),
            Ok(Err(error)) => advice::failed(error),
            Err(_elapsed) => advice::late(),
        }
    }
}

async fn measure(client: Client) -> Result<Member, Error> {
    let status = client.maintenance_client().status().await?;
    let asked = status.header().map(etcd_client::ResponseHeader::member_id);
    let mut member = Member {
        version: status.version().to_owned(),
        leader: status.leader(),
        is_leader: asked == Some(status.leader()),
        db_size_bytes: status.db_size(),
        db_used_bytes: status.raft_used_db_size(),
        errors: status.errors().to_owned(),
        latency_ms: None,
    };
    // Without a leader a read waits in vain.
    if member.has_leader() {
        let begin = clock::instant();
        let absent = GetOptions::new().with_count_only().with_limit(1);
        match client.kv_client().get(KEY, Some(absent)).await {
            Err(error) if !advice::is_denied(&error) => return Err(error),
            _ => member.latency_ms = Some(clock::since_ms(begin)),
        }
    }
    Ok(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_watched_is_refused() {
        let none: [&str; 0] = [];
        let refused = EtcdCheck::connect(none).unwrap_err();
        assert!(refused.to_string().starts_with("etcd: cannot use "));
        let private = "http://root:swordfish@localhost:2379";
        let refused = EtcdCheck::connect(["localhost:2379", private]).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("swordfish"));
    }

    #[test]
    fn options_are_not_shown() {
        let check = EtcdCheck::connect(["localhost:2379"]).unwrap();
        let check = check.options(ConnectOptions::new().with_user("root", "swordfish"));
        assert!(!format!("{check:?}").contains("swordfish"));
    }
}
