//! A blocking call on a thread of its own, one at a time. It knows no deadline.
//!
//! The runtime's blocking pool will not do: a call that hangs there holds up the end of
//! the runtime.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use tokio::sync::watch;

type Answer<T> = watch::Receiver<Option<Arc<T>>>;

/// Runs at most one blocking call at once: who comes meanwhile waits for that one, so that
/// a call that hangs costs one thread, however many runs it outlives.
#[derive(Debug)]
pub(crate) struct Aside<T>(
    /// The call begun last.
    Mutex<Option<Answer<T>>>,
);

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Send + Sync + 'static> Aside<T> {
    /// What `work` comes to, or the call that is under way. Cancel safe: the call goes on,
    /// and the next one waits for it.
    pub(crate) async fn call(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Arc<T>> {
        let mut answer = self.begun_or_begin(work)?;
        let answered = answer.wait_for(Option::is_some).await;
        let answered = answered.ok().and_then(|answer| Option::clone(&answer));
        answered.ok_or_else(|| io::Error::other("the call panicked"))
    }

    fn begun_or_begin(&self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Answer<T>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An old answer says nothing of now; a call that panicked never answers.
        let under_way =
            |answer: &&Answer<T>| answer.borrow().is_none() && answer.has_changed().is_ok();
        if let Some(answer) = last.as_ref().filter(under_way) {
            return Ok(answer.clone());
        }
        let (tell, answer) = watch::channel(None);
        Builder::new()
            .name("health-aside".into())
            .spawn(move || tell.send(Some(Arc::new(work()))))?;
        *last = Some(answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn who_comes_meanwhile_waits_for_the_call_under_way() {
        let aside = Aside::default();
        let (go, gate) = mpsc::channel::<()>();
        {
            // Begun, and dropped as at a deadline.
            let mut first = pin!(aside.call(move || gate.recv().map(|()| 1)));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(first.as_mut().poll(&mut cx).is_pending());
        }
        let mut second = pin!(aside.call(|| Ok(2)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        go.send(()).unwrap();
        assert_eq!(*second.await.unwrap(), Ok(1));
        assert_eq!(*aside.call(|| Ok(3)).await.unwrap(), Ok(3));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_waited_for_is_not_given_later() {
        let aside = Aside::default();
        let (go, gate) = mpsc::channel::<()>();
        {
            let mut first = pin!(aside.call(move || gate.recv().map_or(0, |()| 1)));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(first.as_mut().poll(&mut cx).is_pending());
        }
        go.send(()).unwrap();
        let begun = aside.0.lock().unwrap().clone();
        begun.unwrap().wait_for(Option::is_some).await.unwrap();
        assert_eq!(*aside.call(|| 2).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_once() {
        let aside = Aside::<u8>::default();
        assert!(aside.call(|| panic!("as planned")).await.is_err());
        assert_eq!(*aside.call(|| 2).await.unwrap(), 2);
    }
}
