//! A set of HTTP statuses. What it is wanted for, it does not know.

use std::collections::BTreeSet;
use std::fmt;

use crate::invalid::InvalidCheck;

/// At least one status, each from 200 to 599.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statuses(BTreeSet<u16>);

impl Default for Statuses {
    fn default() -> Self {
        Self((200..=299).collect())
    }
}

impl Statuses {
    /// A status under 200 never ends an exchange.
    pub(super) fn new(
        check: &'static str,
        statuses: impl IntoIterator<Item = u16>,
    ) -> Result<Self, InvalidCheck> {
        let mut all = BTreeSet::new();
        for status in statuses {
            if !(200..=599).contains(&status) {
                let problem = format!("cannot expect the status {status}; give from 200 to 599");
                return Err(InvalidCheck::new(check, problem));
            }
            all.insert(status);
        }
        if all.is_empty() {
            return Err(InvalidCheck::new(
                check,
                "expects no status; give at least one",
            ));
        }
        Ok(Self(all))
    }

    pub(super) fn contains(&self, status: u16) -> bool {
        self.0.contains(&status)
    }
}

/// `200 to 299, 401`.
impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for &begin in &self.0 {
            if self.contains(begin - 1) {
                continue;
            }
            let end = (begin..=599)
                .take_while(|status| self.contains(*status))
                .last();
            f.write_str(if first { "" } else { ", " })?;
            first = false;
            match end {
                Some(end) if end > begin => write!(f, "{begin} to {end}")?,
                _ => write!(f, "{begin}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_ranges() {
        let usual = Statuses::default();
        assert_eq!(usual.to_string(), "200 to 299");
        assert!(usual.contains(200) && usual.contains(299) && !usual.contains(300));
        for (statuses, shown) in [
            (&[200][..], "200"),
            (&[401, 200, 200], "200, 401"),
            (&[200, 201, 204, 599], "200 to 201, 204, 599"),
        ] {
            let statuses = Statuses::new("http", statuses.iter().copied()).unwrap();
            assert_eq!(statuses.to_string(), shown);
        }
    }
}
