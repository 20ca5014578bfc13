//! What guarding a bare hyper server costs: the distance between the two bases.
//!
//! Nothing of ours is in it, and nothing is judged; it shows that the bases stand where they stood.

use super::pairs;
use super::request_cost::{calls, cost, total};
use crate::budgets::{BASE_ALLOCATIONS, BASE_CALLS, BASE_CPU, BASE_INSTRUCTIONS};
use crate::client::Reuse;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

const BARE: Subject = Subject::Bare(RuntimeKind::Current);
const MULTI: Subject = Subject::Guarded {
    runtime: RuntimeKind::Multi,
    body_bytes: 60,
};

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (reuse, case) in [(Reuse::KeepAlive, "keep-alive"), (Reuse::Close, "fresh")] {
        let bare = cost(launcher, BARE, "/ready", reuse)?;
        let guarded = cost(launcher, Subject::GUARDED, "/ready", reuse)?;
        let multi = cost(launcher, MULTI, "/ready", reuse)?;
        let multi_case = format!("{case}, multi-thread");
        rows.push(
            Row::new(BASE_INSTRUCTIONS, case, guarded.instructions).against(bare.instructions),
        );
        rows.push(
            Row::new(BASE_INSTRUCTIONS, multi_case, multi.instructions).against(bare.instructions),
        );
        rows.push(Row::new(BASE_ALLOCATIONS, case, guarded.allocations).against(bare.allocations));
        let (guarded, bare) = pairs::cpu(launcher, Subject::GUARDED, BARE, "/ready", reuse)?;
        rows.push(Row::new(BASE_CPU, case, guarded).against(bare));
    }
    let (bare, _) = total(&calls(launcher, BARE, "/ready")?);
    let (guarded, list) = total(&calls(launcher, Subject::GUARDED, "/ready")?);
    rows.push(
        Row::new(BASE_CALLS, "fresh", guarded)
            .against(bare)
            .note(list),
    );
    Ok(rows)
}
