//! Asks a member how it is, and reads through the quorum.
//!
//! What the answers mean is in `member`, what failures mean in `advice`.

use async_trait::async_trait;
use etcd_client::{Client, ConnectOptions, Error, GetOptions};
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::time::timeout_at;

use super::advice;
use super::door::Door;
use super::member::Member;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::stores;

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
/// ones. Its details are `latency_ms` (of the read; absent without an answer to it), `version`, `is_leader` (of the member
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
/// health.register(EtcdCheck::client(client.clone()))?;
///
/// let other = EtcdCheck::new("http://health:secret@etcd-2:2379")?;
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
    /// Connects by itself to `[http[s]://][user:password@]host:port`, or to any of several with
    /// commas between, and keeps one client. What is special in a password is written as `%XX`.
    pub fn new(endpoints: &str) -> Result<Self, InvalidCheck> {
        Self::with_options(endpoints, ConnectOptions::new())
    }

    /// The same with options, such as for TLS. Credentials in the endpoints take the place of
    /// those in the options.
    pub fn with_options(endpoints: &str, options: ConnectOptions) -> Result<Self, InvalidCheck> {
        Ok(Self {
            door: Door::own(NAME, endpoints, options)?,
        })
    }

    /// Asks through a client of the service, which reconnects by itself. The timeouts of that
    /// client hold too.
    pub fn client(client: Client) -> Self {
        Self {
            door: Door::Shared(client),
        }
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        stores::registration(NAME, "an etcd member and its quorum", self)
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
        match timeout_at(stores::until(cx).into(), Box::pin(self.door.with(measure))).await {
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
    fn credentials_are_not_shown() {
        let options = ConnectOptions::new().with_user("root", "swordfish");
        for check in [
            EtcdCheck::new("http://root:swordfish@localhost:2379").unwrap(),
            EtcdCheck::with_options("localhost:2379", options).unwrap(),
        ] {
            assert!(!format!("{check:?}").contains("swordfish"));
        }
    }
}
