//! The answers to several queries sent at once, as text. It knows none of the queries. Pure.

use tokio_postgres::SimpleQueryMessage;

use super::lsn::lsn;

/// A row; `None` is NULL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(Vec<Option<String>>);

/// A value that does not read as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Row {
    #[cfg(test)]
    pub(super) fn of(columns: &[Option<&str>]) -> Self {
        Self(columns.iter().map(|it| it.map(str::to_owned)).collect())
    }

    /// The text of a column; `None` is NULL.
    pub(super) fn text(&self, column: usize) -> Result<Option<&str>, Unreadable> {
        self.0.get(column).map(Option::as_deref).ok_or(Unreadable)
    }

    /// A position of the log.
    pub(super) fn lsn(&self, column: usize) -> Result<Option<u64>, Unreadable> {
        let text = self.text(column)?;
        text.map(|text| lsn(text).ok_or(Unreadable)).transpose()
    }

    /// A truth value, of which NULL is none.
    pub(super) fn truth(&self, column: usize) -> Result<bool, Unreadable> {
        match self.text(column)? {
            Some("t") => Ok(true),
            Some("f") => Ok(false),
            _ => Err(Unreadable),
        }
    }
}

/// The rows of each query, in order.
pub(super) fn tables(messages: &[SimpleQueryMessage]) -> Vec<Vec<Row>> {
    let mut tables = Vec::new();
    let mut rows = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) => {
                let columns = (0..row.len())
                    .map(|column| row.try_get(column).ok().flatten().map(str::to_owned));
                rows.push(Row(columns.collect()));
            }
            SimpleQueryMessage::CommandComplete(_) => tables.push(std::mem::take(&mut rows)),
            _ => {}
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns() {
        let row = Row::of(&[Some("t"), None, Some("0/10"), Some("x")]);
        assert_eq!(row.text(0), Ok(Some("t")));
        assert_eq!(row.text(1), Ok(None));
        assert_eq!(row.text(4), Err(Unreadable));
        assert_eq!(row.lsn(2), Ok(Some(16)));
        assert_eq!(row.lsn(1), Ok(None));
        assert_eq!(row.lsn(3), Err(Unreadable));
        assert_eq!(row.truth(0), Ok(true));
        for column in [1, 2, 4] {
            assert_eq!(row.truth(column), Err(Unreadable));
        }
    }
}
