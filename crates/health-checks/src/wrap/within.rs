//! A deadline of its own for a check. Whether it was given up is seen in the outcome's cause.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome};

use super::contained::contained;
use crate::clock;

pub(super) struct Within {
    pub(super) check: Arc<dyn Check>,
    pub(super) limit: Duration,
}

#[async_trait]
impl Check for Within {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let until = clock::instant().checked_add(self.limit);
        contained(self.check.as_ref(), cx, until).await
    }
}
