//! What a server knows of one connection.
//!
//! The task of a connection writes its record, the driver reads it: no lock on the way of a
//! request. A record, like its task, is a seat that serves one connection after another. It
//! decides nothing.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::bounds::{Phase, View};
use super::eviction::{Candidate, Standing};
use super::shared::{Shared, lock};
use super::stream::Socket;
use crate::event_stream::Ending;

const COMPLETED: u64 = 1 << 3;
const PHASE: u64 = COMPLETED - 1;
const SINCE_SHIFT: u32 = 4;

/// The connection has ended.
const ENDED: u8 = 1;
/// The connection is told to end.
const KILLED: u8 = 2;
/// The next response is to be the last.
const RETIRED: u8 = 4;

/// The seat of a connection.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) shared: Arc<Shared>,
    /// How many connections have sat here. Only the driver writes it.
    generation: AtomicU32,
    opened: AtomicU64,
    /// Phase, whether a request was completed, and since when: one word, one store a transition.
    state: AtomicU64,
    flags: AtomicU8,
    door: Mutex<Door>,
}

/// Where the driver meets the task.
#[derive(Debug)]
struct Door {
    /// The next connection.
    next: Option<Socket>,
    /// Wakes the task; there from its first poll to its end.
    waker: Option<Waker>,
    /// There will be no next connection.
    shut: bool,
}

fn encode(phase: Phase, completed: bool, since: u64) -> u64 {
    let phase = match phase {
        Phase::Waiting => 0,
        Phase::Head => 1,
        Phase::Serving => 2,
        Phase::Answered => 3,
        Phase::Blocked => 4,
    };
    phase | if completed { COMPLETED } else { 0 } | since << SINCE_SHIFT
}

fn decode_phase(state: u64) -> Phase {
    match state & PHASE {
        0 => Phase::Waiting,
        1 => Phase::Head,
        2 => Phase::Serving,
        3 => Phase::Answered,
        _ => Phase::Blocked,
    }
}

/// What the driver does.
impl Record {
    /// A new seat with its first connection, which counts as open.
    pub(crate) fn seat(shared: &Arc<Shared>, socket: Socket) -> Arc<Self> {
        shared.count_opened();
        let now = shared.now();
        Arc::new(Self {
            shared: shared.clone(),
            generation: AtomicU32::new(0),
            opened: AtomicU64::new(now),
            state: AtomicU64::new(encode(Phase::Waiting, false, now)),
            flags: AtomicU8::new(0),
            door: Mutex::new(Door {
                next: Some(socket),
                waker: None,
                shut: false,
            }),
        })
    }

    /// Gives a free seat its next connection, which counts as open.
    pub(crate) fn reseat(&self, socket: Socket) {
        self.shared.count_opened();
        let now = self.shared.now();
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.opened.store(now, Ordering::Relaxed);
        self.state
            .store(encode(Phase::Waiting, false, now), Ordering::Relaxed);
        self.flags.store(0, Ordering::Relaxed);
        let mut door = lock(&self.door);
        door.next = Some(socket);
        door.wake();
    }

    /// Ends the task once its connection has ended.
    pub(crate) fn dismiss(&self) {
        let mut door = lock(&self.door);
        door.shut = true;
        door.wake();
    }

    pub(crate) fn view(&self) -> View {
        let state = self.state.load(Ordering::Relaxed);
        View {
            phase: decode_phase(state),
            completed: state & COMPLETED != 0,
            since: state >> SINCE_SHIFT,
            opened: self.opened.load(Ordering::Relaxed),
        }
    }

    fn kill(&self) -> bool {
        // Counted first, so that a task that ends meanwhile never uncounts what was not counted.
        self.shared.count_dying(1);
        if self.flags.fetch_or(KILLED, Ordering::AcqRel) & (KILLED | ENDED) != 0 {
            self.shared.count_dying(-1);
            return false;
        }
        lock(&self.door).wake();
        true
    }
}

impl Door {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// What the connection's own task does.
impl Record {
    /// The next connection. Once its waker is known it need not be told again: a connection is the
    /// root of its task, whose waker never changes.
    pub(crate) fn poll_next(&self, waker: &Waker) -> Poll<Option<Socket>> {
        let mut door = lock(&self.door);
        if door.waker.is_none() {
            door.waker = Some(waker.clone());
        }
        match door.next.take() {
            Some(socket) => Poll::Ready(Some(socket)),
            None if door.shut => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        decode_phase(self.state.load(Ordering::Relaxed))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        let completed = self.state.load(Ordering::Relaxed) & COMPLETED != 0;
        self.store(phase, completed);
    }

    /// Enters a phase after a response has gone out whole.
    pub(crate) fn complete(&self, phase: Phase) {
        self.store(phase, true);
    }

    fn store(&self, phase: Phase, completed: bool) {
        let state = encode(phase, completed, self.shared.now());
        self.state.store(state, Ordering::Relaxed);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & KILLED != 0
    }

    /// Whether the response now being made is the connection's last.
    pub(crate) fn is_last(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & RETIRED != 0 || self.shared.is_closing()
    }

    /// The end of a response that would go on: when it is the last of its connection.
    pub(crate) fn ending(self: &Arc<Self>) -> Ending {
        let record = Arc::clone(self);
        let closed = Arc::clone(&self.shared.closed).notified_owned();
        Ending::new(move || record.is_last(), closed)
    }

    /// The connection has ended and closed its socket.
    pub(crate) fn end(&self) {
        if self.flags.fetch_or(ENDED, Ordering::AcqRel) & KILLED != 0 {
            self.shared.count_dying(-1);
        }
        self.shared.count_ended();
    }

    /// The task is gone. Its waker would keep its memory.
    pub(crate) fn vacate(&self) {
        let mut door = lock(&self.door);
        door.waker = None;
        // A connection that was never begun goes with the task.
        if door.next.take().is_some() {
            drop(door);
            self.end();
        }
    }
}

/// One connection in its seat.
#[derive(Debug, Clone)]
pub(crate) struct Sitter {
    record: Arc<Record>,
    generation: u32,
}

impl Sitter {
    pub(crate) fn of(record: Arc<Record>) -> Self {
        let generation = record.generation.load(Ordering::Relaxed);
        Self { record, generation }
    }

    fn is_gone(&self) -> bool {
        self.record.generation.load(Ordering::Relaxed) != self.generation
            || self.record.flags.load(Ordering::Relaxed) & (KILLED | ENDED) != 0
    }

    pub(crate) fn view(&self) -> View {
        self.record.view()
    }

    /// Lets the connection end with its next response.
    pub(crate) fn retire(&self) {
        if !self.is_gone() {
            self.record.flags.fetch_or(RETIRED, Ordering::Relaxed);
        }
    }

    /// Tells the connection to end; false if it has ended or was told before.
    pub(crate) fn kill(&self) -> bool {
        !self.is_gone() && self.record.kill()
    }
}

impl Candidate for Sitter {
    fn standing(&self) -> Standing {
        if self.is_gone() {
            return Standing::Gone;
        }
        let view = self.view();
        match view.phase {
            _ if !view.completed => Standing::New,
            Phase::Waiting | Phase::Head => Standing::Idle(view.since),
            Phase::Serving | Phase::Answered | Phase::Blocked => Standing::Busy(view.since),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    fn socket() -> Socket {
        let (tokio_end, _other) = tokio::net::UnixStream::pair().unwrap();
        Socket::Unix(tokio_end)
    }

    #[tokio::test]
    async fn a_state_survives_its_word() {
        let origin = clock::now();
        let shared = Shared::new(origin, 1);
        let record = Record::seat(&shared, socket());
        let since = shared.set_now(origin + Duration::from_millis(1 << 40 | 5));
        for phase in [
            Phase::Waiting,
            Phase::Head,
            Phase::Serving,
            Phase::Answered,
            Phase::Blocked,
        ] {
            record.enter(phase);
            let expected = View {
                phase,
                completed: false,
                since,
                opened: 0,
            };
            assert_eq!(record.view(), expected);
        }
        record.complete(Phase::Waiting);
        record.enter(Phase::Head);
        assert!(record.view().completed, "completed stays");
    }

    #[tokio::test]
    async fn counts_hold_in_whatever_order_connections_end() {
        let shared = Shared::new(clock::now(), 1);
        let killed = Record::seat(&shared, socket());
        let ended = Record::seat(&shared, socket());
        assert_eq!((shared.connections(), shared.open()), (2, 2));

        let sitter = Sitter::of(killed.clone());
        assert!(sitter.kill());
        assert!(!sitter.kill(), "a second kill is none");
        assert_eq!((shared.connections(), shared.open()), (2, 1));
        assert_eq!(sitter.standing(), Standing::Gone);

        ended.end();
        assert!(!ended.kill(), "what has ended is not killed");
        killed.end();
        assert_eq!((shared.connections(), shared.open()), (0, 0));
    }

    #[tokio::test]
    async fn who_sat_before_is_gone() {
        let shared = Shared::new(clock::now(), 1);
        let record = Record::seat(&shared, socket());
        let first = Sitter::of(record.clone());
        record.complete(Phase::Head);
        assert!(first.kill());
        assert!(record.poll_next(Waker::noop()).is_ready());
        assert!(shared.free(&record));

        let record = shared.take_free().unwrap();
        record.reseat(socket());
        let second = Sitter::of(record.clone());
        assert_eq!(
            (first.standing(), second.standing()),
            (Standing::Gone, Standing::New)
        );
        assert!(
            !first.kill() && !record.is_killed(),
            "the old one's end is not the new one's"
        );
        assert_eq!(shared.open(), 1);
    }

    #[tokio::test]
    async fn a_task_that_never_ran_ends_its_connection() {
        let shared = Shared::new(clock::now(), 1);
        let record = Record::seat(&shared, socket());
        record.vacate();
        assert_eq!(shared.connections(), 0);
    }
}
