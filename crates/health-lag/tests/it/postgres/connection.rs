//! How a source reaches its server: privileges, credentials, connections kept and lost.

use std::sync::Arc;
use std::time::Duration;

use health_lag::postgres::{PostgresPrimary, PostgresSlots, PostgresStandby};
use health_lag::{LagSource, PollState};

use super::{admin_address, cluster, run};
use crate::server::free_port;
use crate::watched::Watched;

async fn refusal(source: impl LagSource) -> String {
    let error = source.poll().await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.error());
    assert!(!shown.contains(crate::server::PASSWORD), "{shown}");
    error.to_string()
}

fn works(state: &PollState) -> bool {
    state.error.is_none()
}

#[tokio::test]
async fn privileges_and_credentials() {
    let primary = cluster::start().await;
    let standby = cluster::start_standby(&primary);
    let admin = cluster::admin(primary.port).await;
    let mut all = Watched::start(PostgresPrimary::connect(&admin_address(&primary)).unwrap());
    all.caught_up("walreceiver").await;

    let at = |port| cluster::address("app", port);
    let hidden = refusal(PostgresPrimary::connect(&at(primary.port)).unwrap()).await;
    assert!(hidden.contains("GRANT pg_monitor TO it"), "{hidden}");
    let by_itself = || PostgresStandby::connect("s", &at(standby.port)).unwrap();
    let readings = by_itself().poll().await.unwrap();
    let hidden = readings.followers()[0].sample.as_ref().unwrap_err();
    assert!(
        hidden.message().contains("GRANT pg_monitor TO it"),
        "{hidden}"
    );
    // Slots are open to all.
    let slots = PostgresSlots::connect(&at(primary.port)).unwrap();
    assert!(slots.poll().await.is_ok());

    run(&admin, "GRANT pg_monitor TO app").await;
    let mut granted = Watched::start(PostgresPrimary::connect(&at(primary.port)).unwrap());
    granted.caught_up("walreceiver").await;
    Watched::start(by_itself()).caught_up("s").await;

    let wrong = at(primary.port).replace(crate::server::PASSWORD, "s3cret");
    let refused = refusal(PostgresPrimary::connect(&wrong).unwrap()).await;
    assert!(refused.contains("refuses the login"), "{refused}");
    let nobody = refusal(PostgresPrimary::connect(&at(free_port())).unwrap()).await;
    assert!(nobody.contains("accepts no connection"), "{nobody}");
    drop((all, granted));
    cluster::end(standby);
    cluster::end(primary);
}

#[tokio::test]
async fn one_connection_is_kept_and_replaced() {
    let mut server = cluster::start().await;
    let mut own = Watched::start(PostgresPrimary::connect(&admin_address(&server)).unwrap());
    let client = Arc::new(cluster::admin(server.port).await);
    let mut shared = Watched::start_with(
        PostgresPrimary::shared(client.clone()),
        Duration::from_secs(1),
    );
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'health-lag'";
    own.until("some polls", |state| state.polls > 50).await;
    let connections: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(connections, 1);

    server.suspend();
    own.failed("gave no answer within").await;
    shared.failed("gave no answer within").await;
    shared.failed("gave no answer within").await;
    server.resume();
    own.until("the return", works).await;
    shared.until("the return", works).await;

    server.kill();
    own.failed("accepts no connection").await;
    shared.failed("closed the connection").await;
    server.restart();
    own.until("the return", works).await;
    // A client does not reconnect.
    shared.failed("closed the connection").await;
    drop((own, shared));
    cluster::end(server);
}
