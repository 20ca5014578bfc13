//! A panic of an observer, wherever it happens, is marked as one that is caught: a hook that ends
//! the service at its own panics leaves it alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use health_lag::{LagEvent, LagMonitor, LagNotice, LagObserver, Sample};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Panics when it is called, when it is polled, when its call is dropped, in turn; and says before
/// whether that is marked.
struct Panics {
    marked: UnboundedSender<(&'static str, bool)>,
    calls: AtomicUsize,
}

struct AtDrop(UnboundedSender<(&'static str, bool)>);

impl Drop for AtDrop {
    fn drop(&mut self) {
        self.0
            .send(("dropped", health_core::is_isolated()))
            .unwrap();
        panic!("an observer that panics when it is dropped");
    }
}

impl LagObserver for Panics {
    fn observe<'a: 'f, 'b: 'f, 'f>(
        &'a self,
        _: &'b LagNotice<LagEvent>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>> {
        let turn = self.calls.fetch_add(1, Ordering::Relaxed);
        let mark = |place| {
            self.marked
                .send((place, health_core::is_isolated()))
                .unwrap();
        };
        match turn {
            0 => {
                mark("called");
                panic!("an observer that panics at once")
            }
            1 => Box::pin(async move {
                mark("polled");
                panic!("an observer that panics later")
            }),
            2 => {
                let at_drop = AtDrop(self.marked.clone());
                Box::pin(async move {
                    let _held = &at_drop;
                })
            }
            _ => Box::pin(async move { mark("well") }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_panic_is_marked_and_counted() {
    let monitor = LagMonitor::new();
    let (marked, mut told) = unbounded_channel();
    let observer = Panics {
        marked,
        calls: AtomicUsize::default(),
    };
    monitor.observe(observer).unwrap();
    let follower = monitor.follower("b").unwrap();
    for step in 0..4 {
        // Ahead and not ahead, in turn.
        follower.push(Sample::new(10, 10 + step % 2)).unwrap();
        follower.push(Sample::new(20, 20)).unwrap();
    }
    for place in ["called", "polled", "dropped", "well"] {
        assert_eq!(told.recv().await.unwrap(), (place, true));
    }
    assert_eq!(monitor.observer_panics(), 3);
}
