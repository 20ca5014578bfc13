//! A real cluster of three nodes in this process, with the store that `openraft` has for tests: cut
//! off, overtaken, and led by another.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use health_lag::openraft::OpenraftLeader;
use health_lag::{Condition, Level};
use openraft::error::{InstallSnapshotError, RPCError, RaftError, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse,
    VoteRequest, VoteResponse,
};
use openraft::storage::Adaptor;
use openraft::{Config, Raft, RaftNetwork, RaftNetworkFactory};
use openraft_memstore::{ClientRequest, IntoMemClientRequest, MemStore, TypeConfig};

use crate::judged::{Judged, has, is_well};
use crate::watched::Watched;

type Node = Raft<TypeConfig>;
type Refusal<E> = RPCError<u64, (), RaftError<u64, E>>;

/// The nodes that there are, and those that are cut off.
#[derive(Clone, Default)]
struct Router {
    nodes: Arc<Mutex<BTreeMap<u64, Node>>>,
    cut: Arc<Mutex<HashSet<u64>>>,
}

impl Router {
    fn node(&self, id: u64) -> Node {
        self.nodes.lock().unwrap().get(&id).unwrap().clone()
    }

    fn cut(&self, id: u64) {
        self.cut.lock().unwrap().insert(id);
    }

    fn join(&self, id: u64) {
        self.cut.lock().unwrap().remove(&id);
    }
}

/// The lines of one node.
struct Lines {
    from: u64,
    router: Router,
}

impl RaftNetworkFactory<TypeConfig> for Lines {
    type Network = Line;

    async fn new_client(&mut self, target: u64, (): &()) -> Line {
        Line {
            ends: [self.from, target],
            router: self.router.clone(),
        }
    }
}

/// From one node to another.
struct Line {
    ends: [u64; 2],
    router: Router,
}

impl Line {
    #[expect(clippy::result_large_err, reason = "it is that of the trait")]
    fn target<E: std::error::Error>(&self) -> Result<Node, Refusal<E>> {
        let cut = self.router.cut.lock().unwrap();
        if self.ends.iter().any(|end| cut.contains(end)) {
            let error = io::Error::from(io::ErrorKind::HostUnreachable);
            return Err(RPCError::Unreachable(Unreachable::new(&error)));
        }
        Ok(self.router.node(self.ends[1]))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over")]
fn refused<E: std::error::Error>(error: RaftError<u64, E>) -> Refusal<E> {
    let text = io::Error::other(error.to_string());
    RPCError::Unreachable(Unreachable::new(&text))
}

impl RaftNetwork<TypeConfig> for Line {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        _: RPCOption,
    ) -> Result<AppendEntriesResponse<u64>, RPCError<u64, (), RaftError<u64>>> {
        self.target()?.append_entries(rpc).await.map_err(refused)
    }

    async fn install_snapshot(
        &mut self,
        rpc: InstallSnapshotRequest<TypeConfig>,
        _: RPCOption,
    ) -> Result<InstallSnapshotResponse<u64>, RPCError<u64, (), RaftError<u64, InstallSnapshotError>>>
    {
        self.target()?.install_snapshot(rpc).await.map_err(refused)
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<u64>,
        _: RPCOption,
    ) -> Result<VoteResponse<u64>, RPCError<u64, (), RaftError<u64>>> {
        self.target()?.vote(rpc).await.map_err(refused)
    }
}

/// Three nodes, of which the first is told who they are.
async fn cluster() -> Router {
    let config = Config {
        heartbeat_interval: 50,
        election_timeout_min: 300,
        election_timeout_max: 600,
        ..Config::default()
    };
    let config = Arc::new(config.validate().unwrap());
    let router = Router::default();
    for id in 1..=3 {
        let (log, machine) = Adaptor::new(Arc::new(MemStore::new()));
        let network = Lines {
            from: id,
            router: router.clone(),
        };
        let node = Node::new(id, config.clone(), network, log, machine)
            .await
            .unwrap();
        router.nodes.lock().unwrap().insert(id, node);
    }
    let members = std::collections::BTreeSet::from([1, 2, 3]);
    router.node(1).initialize(members).await.unwrap();
    router
}

/// Who leads, as most of those that are not cut off have it.
async fn leader(router: &Router) -> u64 {
    loop {
        for id in 1..=3 {
            if router.cut.lock().unwrap().contains(&id) {
                continue;
            }
            let metrics = router.node(id).metrics().borrow().clone();
            if metrics.current_leader == Some(id) && metrics.replication.is_some() {
                return id;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn write(node: &Node, entries: u64) {
    for serial in 0..entries {
        let request = ClientRequest::make_request("test", serial);
        node.client_write(request).await.unwrap();
    }
}

fn watch(router: &Router, id: u64, silence: Duration) -> Watched {
    Watched::start(OpenraftLeader::new(router.node(id).metrics()).silence(silence))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_of_a_real_cluster() {
    let router = cluster().await;
    let first = leader(&router).await;
    let [one, two] = [first % 3 + 1, (first + 1) % 3 + 1];
    let mut views: Vec<Watched> = (1..=3)
        .map(|id| watch(&router, id, Duration::from_secs(2)))
        .collect();
    let of = |id: u64| usize::try_from(id - 1).unwrap();
    let led = router.node(first);
    write(&led, 20).await;
    for follower in [one, two] {
        views[of(first)].caught_up(&follower.to_string()).await;
        // Who follows knows nobody.
        views[of(follower)]
            .until("no follower", |state| {
                state.error.is_none() && state.followers.is_empty()
            })
            .await;
    }

    router.cut(one);
    write(&led, 50).await;
    let sample = views[of(first)]
        .sample(&one.to_string(), "a follower cut off", |sample| {
            sample.behind() == 50
        })
        .await;
    write(&led, 50).await;
    let later = views[of(first)]
        .sample(&one.to_string(), "more of it", |sample| {
            sample.behind() == 100
        })
        .await;
    assert_eq!(later.applied, sample.applied);
    views[of(first)].caught_up(&two.to_string()).await;
    router.join(one);
    let back = views[of(first)].caught_up(&one.to_string()).await;
    assert!(back.applied > later.applied);

    // The leader is cut off, and another one leads, in a later term.
    router.cut(first);
    views[of(first)].failed("no answer of a quorum").await;
    let second = leader(&router).await;
    assert_ne!(second, first);
    write(&router.node(second), 10).await;
    let other = 6 - first - second;
    let sample = views[of(second)].caught_up(&other.to_string()).await;
    assert!(sample.epoch > back.epoch);
    // What never answered this leader is not at zero.
    views[of(second)]
        .unknown(&first.to_string(), "has not answered this leader yet")
        .await;
    router.join(first);
    views[of(second)].caught_up(&first.to_string()).await;
    let state = views[of(first)]
        .until("a deposed leader", |state| {
            state.error.is_none() && state.followers.is_empty()
        })
        .await;
    assert!(state.forgotten >= 2);

    router.node(second).shutdown().await.unwrap();
    views[of(second)].failed("the raft node").await;
    for id in [first, other] {
        router.node(id).shutdown().await.unwrap();
    }
}

/// The same as a monitor judges it: who is cut off is stalled, and who is asked and may lead no more
/// tells nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_of_a_real_cluster() {
    let router = cluster().await;
    let first = leader(&router).await;
    let one = first % 3 + 1;
    let led = router.node(first);
    let judged = Judged::of(one.to_string());
    let source = |id: u64| {
        let leader = OpenraftLeader::new(router.node(id).metrics());
        leader.silence(Duration::from_secs(1))
    };
    let polling = judged.poll(source(first));
    write(&led, 20).await;
    judged.becomes("a follower that is well", is_well).await;

    router.cut(one);
    write(&led, 50).await;
    let status = judged
        .becomes("a stall", |status| {
            has(Condition::Stalled)(status) && status.level == Level::Warning
        })
        .await;
    assert_eq!(status.behind, Some(50));
    router.join(one);
    judged.becomes("the end of the stall", is_well).await;

    // It was at a lag of zero, and is not known.
    router.cut(first);
    let why = "no answer of a quorum";
    let status = judged.becomes("no data", has(Condition::NoData)).await;
    assert!(!status.is_proven());
    judged
        .becomes(why, |status| status.explain().contains(why))
        .await;
    judged.hears_nothing(&polling).await;
    polling.stop().await;

    // Whoever leads now tells of the one that does not.
    let second = leader(&router).await;
    let other = Judged::of((6 - first - second).to_string());
    let polling = other.poll(source(second));
    write(&router.node(second), 10).await;
    other.becomes("the new pair is well", is_well).await;
    router.node(second).shutdown().await.unwrap();
    let status = other.becomes("no data", has(Condition::NoData)).await;
    assert!(status.explain().contains("the raft node"), "{status:?}");
    polling.stop().await;
    for id in [first, 6 - first - second] {
        router.node(id).shutdown().await.unwrap();
    }
}
