//! All followers taken together: what they add up to, where each is, and when something is due.
//!
//! Plain data; the lock is the driver's.

use crate::group::Seat;
use crate::history::nanoseconds;
use crate::member::Effects;
use crate::statistics::{Board, NONE};

#[derive(Debug, Default)]
pub(crate) struct Roll {
    pub(crate) board: Board,
    seats: Vec<Option<Seat>>,
    /// When the watch wakes by itself; 0 if there is none.
    wakes: u64,
    due: Vec<usize>,
}

impl Roll {
    /// Gives a follower a place, for which `make` is told its number.
    pub(crate) fn enter(&mut self, make: impl FnOnce(usize) -> Seat) -> Seat {
        let place = self.board.take();
        let seat = make(place);
        if self.seats.len() <= place {
            self.seats.push(None);
        }
        if let Some(held) = self.seats.get_mut(place) {
            *held = Some(seat.clone());
        }
        seat
    }

    pub(crate) fn leave(&mut self, place: usize) {
        self.board.leave(place);
        if let Some(held) = self.seats.get_mut(place) {
            *held = None;
        }
    }

    /// Takes note of how a follower is; whether the watch has to wake earlier for it.
    pub(crate) fn set(&mut self, place: usize, effects: &Effects) -> bool {
        let Effects {
            lag, after, due, ..
        } = *effects;
        self.board.set(place, lag, after, due);
        let early = due < self.wakes;
        if early {
            self.wakes = due;
        }
        early
    }

    /// Those for whom something is due, and when the next is. If the watch asks, that is when it wakes.
    pub(crate) fn due(&mut self, now: std::time::Duration, watches: bool) -> (Vec<Seat>, u64) {
        self.due.clear();
        let next = self.board.due(nanoseconds(now), &mut self.due);
        if watches {
            self.wakes = next;
        }
        let seat = |place: &usize| self.seats.get(*place)?.clone();
        (self.due.iter().filter_map(seat).collect(), next)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.wakes != 0
    }

    pub(crate) fn watched(&mut self, is: bool) {
        self.wakes = if is { NONE } else { 0 };
    }
}
