//! What a part of the service shows beside its health: named, bounded, pushed.
//!
//! It counts towards no verdict; a [`Component`](crate::Component) does. Who
//! reads sections calls nobody: the last push is what there is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use serde::Serialize;
use thiserror::Error;

use crate::clock;
use crate::driver::Shared;
use crate::evidence::{MAX_MESSAGE, line};
use crate::name::{self, MAX_NAME, NameError};
use crate::redact::Redaction;
use crate::row::{Field, Row, Series};

/// How many sections a node has at most.
pub const MAX_SECTIONS: usize = 16;
/// How many rows a section shows at most.
pub const MAX_ROWS: usize = 256;
/// How many figures a row has at most.
pub const MAX_FIELDS: usize = 16;
/// How many points, expected ones, and limits a series has at most, each.
pub const MAX_POINTS: usize = 120;

/// How a section is set up.
#[derive(Clone, Debug)]
pub struct SectionSpec {
    name: String,
    title: String,
    max_age: Duration,
}

impl SectionSpec {
    /// A section of that name, which is its title too, stale after 10 s without a push.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            name,
            max_age: Duration::from_secs(10),
        }
    }

    /// What people read above it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// For how long a push is believed.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }
}

/// Why there is no such section.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SectionError {
    /// The name is not allowed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is one of that name.
    #[error("a section `{0}` is shown already; drop its handle first")]
    Taken(String),
    /// There are [`MAX_SECTIONS`].
    #[error("there are {MAX_SECTIONS} sections already, the most; push more rows into one of them")]
    Full,
}

/// What a section shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SectionState {
    /// Its name.
    pub name: Arc<str>,
    /// What people read above it.
    pub title: Arc<str>,
    /// What was pushed last.
    pub rows: Vec<Row>,
    /// How many rows, figures and points of it did not fit.
    pub dropped: u64,
    /// When it was pushed; `None`: never yet.
    #[serde(skip)]
    pub updated: Option<SystemTime>,
    /// For how long it is believed.
    #[serde(skip)]
    pub max_age: Duration,
    #[serde(skip)]
    uptime: Duration,
}

impl SectionState {
    /// Whether it is too old to be believed when the node has been up for `uptime`, or was
    /// never pushed.
    pub fn is_stale(&self, uptime: Duration) -> bool {
        self.updated.is_none() || uptime.saturating_sub(self.uptime) > self.max_age
    }
}

/// The handle by which one is pushed. When it is dropped, the section is gone.
///
/// ```
/// use health_core::{Field, Health, Row, SectionSpec};
///
/// let health = Health::new();
/// let section = health.section(SectionSpec::new("queues").title("Queues"))?;
/// section.push([Row::new("mail").field("depth", Field::Number(3.0))]);
/// assert_eq!(health.sections().len(), 1);
/// drop(section);
/// assert!(health.sections().is_empty());
/// # Ok::<(), health_core::SectionError>(())
/// ```
#[must_use = "dropping the handle takes the section away"]
pub struct Section {
    shared: Arc<Shared>,
    name: Arc<str>,
    title: Arc<str>,
    max_age: Duration,
}

impl Section {
    pub(crate) fn open(shared: &Arc<Shared>, spec: SectionSpec) -> Result<Self, SectionError> {
        name::validate(&spec.name)?;
        let title = line(Cow::Owned(spec.title), &shared.redaction, MAX_NAME);
        let shown = SectionState {
            name: spec.name.into(),
            title: Arc::from(&*title),
            rows: Vec::new(),
            dropped: 0,
            updated: None,
            max_age: spec.max_age,
            uptime: Duration::ZERO,
        };
        let (name, title) = (Arc::clone(&shown.name), Arc::clone(&shown.title));
        shared.sections.enter(shown)?;
        Ok(Self {
            shared: Arc::clone(shared),
            name,
            title,
            max_age: spec.max_age,
        })
    }

    /// Shows `rows` from now on, instead of those before. What does not fit is left out and
    /// counted; credentials in texts are masked.
    pub fn push(&self, rows: impl IntoIterator<Item = Row>) {
        let (rows, dropped) = Fitting::new(&self.shared.redaction).rows(rows);
        self.shared.sections.show(SectionState {
            name: Arc::clone(&self.name),
            title: Arc::clone(&self.title),
            rows,
            dropped,
            updated: Some(clock::wall()),
            max_age: self.max_age,
            uptime: self.shared.clock.uptime(),
        });
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        self.shared.sections.leave(&self.name);
    }
}

/// The sections of a node.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    held: Mutex<BTreeMap<Arc<str>, Arc<SectionState>>>,
    shown: ArcSwap<Vec<Arc<SectionState>>>,
}

impl Sections {
    /// All of them, sorted by name; the same list as long as nothing was pushed.
    pub(crate) fn list(&self) -> Arc<Vec<Arc<SectionState>>> {
        self.shown.load_full()
    }

    fn enter(&self, state: SectionState) -> Result<(), SectionError> {
        self.change(|held| {
            if held.contains_key(&state.name) {
                return Err(SectionError::Taken(state.name.to_string()));
            }
            if held.len() >= MAX_SECTIONS {
                return Err(SectionError::Full);
            }
            held.insert(Arc::clone(&state.name), Arc::new(state));
            Ok(())
        })
    }

    fn show(&self, state: SectionState) {
        self.change(|held| held.insert(Arc::clone(&state.name), Arc::new(state)));
    }

    fn leave(&self, name: &str) {
        self.change(|held| held.remove(name));
    }

    fn change<R>(&self, change: impl FnOnce(&mut BTreeMap<Arc<str>, Arc<SectionState>>) -> R) -> R {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut held);
        self.shown.store(Arc::new(held.values().cloned().collect()));
        result
    }
}

/// Makes rows fit, and counts what did not.
struct Fitting<'a> {
    redaction: &'a Redaction,
    dropped: u64,
}

impl<'a> Fitting<'a> {
    fn new(redaction: &'a Redaction) -> Self {
        Self {
            redaction,
            dropped: 0,
        }
    }

    fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> (Vec<Row>, u64) {
        let mut rows = rows.into_iter();
        let mut kept: Vec<Row> = rows.by_ref().take(MAX_ROWS).collect();
        // An endless iterator must not hold the pusher up.
        self.dropped += u64::try_from(rows.take(MAX_ROWS).count()).unwrap_or(u64::MAX);
        for row in &mut kept {
            self.text(&mut row.name, MAX_NAME);
            self.text(&mut row.message, MAX_MESSAGE);
            self.cut(&mut row.fields, MAX_FIELDS);
            for named in &mut row.fields {
                self.text(&mut named.name, MAX_NAME);
                match &mut named.field {
                    Field::Text(text) if self.redaction.is_secret(&named.name) => {
                        crate::redact::MASK.clone_into(text);
                    }
                    Field::Text(text) => self.text(text, MAX_MESSAGE),
                    Field::Series(series) => self.series(series),
                    Field::Number(_) | Field::Seconds(_) | Field::Bytes(_) | Field::Share(_) => (),
                }
            }
        }
        (kept, self.dropped)
    }

    fn series(&mut self, series: &mut Series) {
        self.text(&mut series.unit, MAX_NAME);
        self.cut_front(&mut series.points, MAX_POINTS);
        self.cut(&mut series.forecast, MAX_POINTS);
        self.cut(&mut series.limits, MAX_POINTS);
        for (name, _) in &mut series.limits {
            self.text(name, MAX_NAME);
        }
    }

    fn text(&self, text: &mut String, bound: usize) {
        *text = line(Cow::Owned(std::mem::take(text)), self.redaction, bound).into_owned();
    }

    fn cut<T>(&mut self, items: &mut Vec<T>, most: usize) {
        self.dropped += u64::try_from(items.len().saturating_sub(most)).unwrap_or(u64::MAX);
        items.truncate(most);
    }

    /// Of what is over time, the newest is what matters.
    fn cut_front<T>(&mut self, items: &mut Vec<T>, most: usize) {
        let over = items.len().saturating_sub(most);
        self.dropped += u64::try_from(over).unwrap_or(u64::MAX);
        items.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Health;

    #[test]
    fn names_are_taken_once_and_bounded() {
        let health = Health::new();
        let held: Vec<Section> = (0..MAX_SECTIONS)
            .map(|i| {
                health
                    .section(SectionSpec::new(format!("s{i:02}")))
                    .unwrap()
            })
            .collect();
        let refused = |name: &str| health.section(SectionSpec::new(name)).unwrap_err();
        assert_eq!(refused("s03"), SectionError::Taken("s03".into()));
        assert_eq!(refused("more"), SectionError::Full);
        assert_eq!(refused(""), SectionError::Name(NameError::Empty));
        let names: Vec<String> = health
            .sections()
            .iter()
            .map(|it| it.name.to_string())
            .collect();
        assert!(names.is_sorted());
        drop(held);
        assert!(health.sections().is_empty());
        let _again = health.section(SectionSpec::new("s03")).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let health = Health::new();
        let section = health.section(SectionSpec::new("lag")).unwrap();
        let long = Row::new("n".repeat(200)).message("x\ny".repeat(1000));
        section.push([long]);
        let state = health.sections()[0].clone();
        assert!(state.rows[0].name.len() <= MAX_NAME);
        assert!(
            state.rows[0].message.len() <= MAX_MESSAGE && !state.rows[0].message.contains('\n')
        );

        section.push(
            (0..)
                .map(|i| Row::new(format!("row-{i}")))
                .take(MAX_ROWS + 5),
        );
        let state = health.sections()[0].clone();
        assert_eq!((state.rows.len(), state.dropped), (MAX_ROWS, 5));

        let points: Vec<[f64; 2]> = (0..200_i32).map(|i| [f64::from(i), f64::NAN]).collect();
        let series = Series {
            points,
            ..Series::default()
        };
        let wide = (0..20).fold(
            Row::new("wide").field("s", Field::Series(series)),
            |row, i| row.field(format!("f{i}"), Field::Number(1.0)),
        );
        section.push([wide]);
        let state = health.sections()[0].clone();
        assert_eq!(state.dropped, 5 + 80);
        let Field::Series(kept) = &state.rows[0].fields[0].field else {
            panic!("a series went in");
        };
        assert!(
            (kept.points[0][0] - 80.0).abs() < f64::EPSILON,
            "the newest stay"
        );
        let json = serde_json::to_value(&*state).unwrap();
        assert!(json["rows"][0]["fields"][0]["value"]["points"][0][1].is_null());
    }

    #[test]
    fn secrets_do_not_leave() {
        let health = Health::new();
        let section = health.section(SectionSpec::new("db")).unwrap();
        section.push([Row::new("primary")
            .message("postgres://app:hunter2@db/x is gone")
            .field("password", Field::Text("hunter2".into()))
            .field("url", Field::Text("redis://:hunter2@cache".into()))]);
        let json = serde_json::to_string(&*health.sections()[0]).unwrap();
        assert!(!json.contains("hunter2"), "{json}");
    }

    #[test]
    fn a_push_is_believed_for_its_time() {
        let health = Health::new();
        let spec = SectionSpec::new("lag").max_age(Duration::from_secs(2));
        let section = health.section(spec).unwrap();
        assert!(
            health.sections()[0].is_stale(Duration::ZERO),
            "never pushed"
        );
        section.push([]);
        let state = health.sections()[0].clone();
        assert!(!state.is_stale(state.uptime + Duration::from_secs(2)));
        assert!(state.is_stale(state.uptime + Duration::from_secs(3)));
    }
}
