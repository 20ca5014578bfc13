//! A monitor's sink that says aloud when a source, or one follower of it, fails and comes back.

use std::collections::HashMap;

use health_lag::{LagSink, MonitorSink, Sample, SourceError};
use tokio::sync::mpsc;

/// Something to be printed.
pub(crate) struct Trouble {
    pub(crate) who: String,
    pub(crate) words: String,
}

pub(crate) struct Told {
    name: String,
    sink: MonitorSink,
    tell: mpsc::Sender<Trouble>,
    /// What was last said of the source, and of each follower that fails.
    failing: Option<String>,
    failing_followers: HashMap<String, String>,
}

impl Told {
    pub(crate) fn new(name: &str, sink: MonitorSink, tell: mpsc::Sender<Trouble>) -> Self {
        Self {
            name: name.to_owned(),
            sink,
            tell,
            failing: None,
            failing_followers: HashMap::new(),
        }
    }

    /// Whoever is too slow to print loses some; the table has it all.
    fn say(&self, who: &str, words: impl Into<String>) {
        let (who, words) = (who.to_owned(), words.into());
        let _ = self.tell.try_send(Trouble { who, words });
    }

    /// The source has answered.
    fn answered(&mut self) {
        if self.failing.take().is_some() {
            self.say(&self.name, "answers again");
        }
    }
}

impl LagSink for Told {
    fn sample(&mut self, follower: &str, sample: Sample) {
        self.answered();
        if self.failing_followers.remove(follower).is_some() {
            self.say(follower, "is known again");
        }
        self.sink.sample(follower, sample);
    }

    fn leader(&mut self, position: u64, epoch: u64) {
        self.answered();
        self.sink.leader(position, epoch);
    }

    fn failed(&mut self, follower: Option<&str>, error: &SourceError) {
        self.sink.failed(follower, error);
        let words = error.to_string();
        match follower {
            None if self.failing.as_ref() != Some(&words) => {
                self.say(&self.name, words.clone());
                self.failing = Some(words);
            }
            Some(follower) if self.failing_followers.get(follower) != Some(&words) => {
                self.answered();
                self.say(follower, words.clone());
                self.failing_followers.insert(follower.to_owned(), words);
            }
            _ => {}
        }
    }

    fn forgotten(&mut self, follower: &str) {
        self.failing_followers.remove(follower);
        self.say(follower, "is gone");
        self.sink.forgotten(follower);
    }
}
