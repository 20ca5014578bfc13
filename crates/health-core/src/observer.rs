//! The trait by which others learn of results and transitions.

use async_trait::async_trait;

use crate::subscription::Notice;

/// Learns of everything that happens, in order.
///
/// Called on a task of its own: a slow observer slows nobody down, but loses
/// the oldest events and is told how many. A panic is caught and counted
/// ([`Health::observer_panics`](crate::Health::observer_panics)). Do not block the thread in it.
///
/// ```
/// use async_trait::async_trait;
/// use health_core::{EventKind, Health, Notice, Observer};
///
/// struct Pager;
///
/// #[async_trait]
/// impl Observer for Pager {
///     async fn observe(&self, notice: &Notice) {
///         if let Notice::Event(event) = notice {
///             if let EventKind::Transition { check, from } = &event.kind {
///                 eprintln!("{}: {from} -> {}", check.name(), check.status);
///             }
///         }
///     }
/// }
///
/// let health = Health::builder().observer(Pager).build();
/// ```
#[async_trait]
pub trait Observer: Send + Sync + 'static {
    /// Takes note of one thing.
    async fn observe(&self, notice: &Notice);
}
