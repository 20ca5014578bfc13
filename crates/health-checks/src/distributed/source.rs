//! Where a state comes from besides a service's own type: one that is shared, and
//! one that is pushed through a watch channel.

/// Implements `$trait` for `Arc`s of it, and for the receiver of a channel of `$state`.
macro_rules! sources {
    ($trait:ident, $method:ident, $state:ty) => {
        #[async_trait]
        impl<S: $trait + ?Sized> $trait for std::sync::Arc<S> {
            async fn $method(&self) -> Result<$state, AdapterError> {
                self.as_ref().$method().await
            }
        }

        /// What was sent last; an error once the sender is gone. A sender that is
        /// alive and does not send any more is not noticed.
        #[async_trait]
        impl $trait for tokio::sync::watch::Receiver<$state> {
            async fn $method(&self) -> Result<$state, AdapterError> {
                if self.has_changed().is_err() {
                    return Err("the sender of this state is gone".into());
                }
                Ok(self.borrow().clone())
            }
        }
    };
}

pub(super) use sources;
