//! How one task is told to look again: a flag and its waker.
//!
//! For a single waiter, which is what makes it cheaper than a `Notify`, whose
//! queue of waiters is locked on each wait. Whom to tell is the driver's to say.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;

#[derive(Debug, Default)]
pub(crate) struct Wake {
    told: AtomicBool,
    waiter: AtomicWaker,
}

impl Wake {
    /// Lets the waiter go on, or not wait at all if it comes later.
    pub(crate) fn tell(&self) {
        self.told.store(true, Ordering::Release);
        self.waiter.wake();
    }

    /// Completes once for each time that somebody told it since the last.
    /// Cancel safe: what is not taken stays.
    pub(crate) async fn told(&self) {
        poll_fn(|task| self.poll(task)).await;
    }

    fn poll(&self, task: &Context<'_>) -> Poll<()> {
        if self.take() {
            return Poll::Ready(());
        }
        self.waiter.register(task.waker());
        // Told between the look and the registration?
        if self.take() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn take(&self) -> bool {
        self.told.load(Ordering::Acquire) && self.told.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Waker;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.wake_by_ref();
        }

        fn wake_by_ref(self: &Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn told_before_or_after_it_waits_once() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let task = Context::from_waker(&waker);
        let wake = Wake::default();
        wake.tell();
        wake.tell();
        assert_eq!(wake.poll(&task), Poll::Ready(()), "told before");
        assert_eq!(wake.poll(&task), Poll::Pending, "once");
        wake.tell();
        assert_eq!(count.0.load(Ordering::Relaxed), 1, "the waiter is woken");
        assert_eq!(wake.poll(&task), Poll::Ready(()));
    }
}
