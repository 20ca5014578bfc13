//! What all followers of a monitor are judged by, worked out once.
//!
//! Plain data; it judges nothing itself.

use crate::alerting::Rules;
use crate::policy::{LagPolicy, Limits};

/// What all followers of a monitor are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Rulebook {
    pub(crate) policy: LagPolicy,
    pub(crate) limits: Limits,
    pub(crate) rules: Rules,
}

impl Rulebook {
    pub(crate) fn new(policy: LagPolicy) -> Self {
        Self {
            limits: policy.limits(),
            rules: Rules::of(&policy),
            policy,
        }
    }
}
