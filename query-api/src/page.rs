//! Pages of lists: how many, from where, and whether to count.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::cursor::{self, Binding, CursorKey, InvalidCursor};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::total::Total;

/// The rows of a page: 1 to 200, 50 unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Limit {
    const MOST: u16 = 200;

    /// As asked.
    pub(crate) fn rows(self) -> usize {
        usize::from(self.0)
    }

    /// One more than asked: whether it is there says whether there is a next page.
    pub(crate) fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl FromParameters for Limit {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let what = format!("a whole number from 1 to {}", Self::MOST);
        let limit = parameters.one::<u16>("limit", &what)?.unwrap_or(Self::default().0);
        if (1..=Self::MOST).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(BadParameter::invalid("limit", format!("it should be {what}")))
        }
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many rows.
    #[param(value_type = u16, required = false, default = 50, minimum = 1, maximum = 200)]
    pub(crate) limit: Limit,
    /// Where the page before ended: its `next_cursor`. Good for the same filters and order alone.
    pub(crate) cursor: Option<String>,
    /// Adds `total`: all rows that the filters let through. Where these are more than 10,000 and not counted
    /// anyway, or hard to find, `total_is_at_least` says that there may be more.
    #[param(required = false, default = false)]
    pub(crate) count: bool,
    /// The first of these that the caller gave.
    #[param(ignore)]
    given: Option<&'static str>,
}

impl FromParameters for PageQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            given: parameters.first_of(&["limit", "cursor", "count"]),
            limit: Limit::take(parameters)?,
            cursor: parameters.text("cursor")?,
            count: parameters.one("count", "true or false")?.unwrap_or(false),
        })
    }
}

impl PageQuery {
    /// Refuses what only pages have.
    pub(crate) fn whole(&self) -> Result<(), BadParameter> {
        match self.given {
            None => Ok(()),
            Some(name) => Err(BadParameter::invalid(name, "an export is the whole list; it has no pages")),
        }
    }

    /// The keys of the row after which the page begins.
    pub(crate) fn after<T: DeserializeOwned>(
        &self,
        key: &CursorKey,
        binding: &Binding,
    ) -> Result<Option<T>, InvalidCursor> {
        self.cursor.as_deref().map(|cursor| cursor::open(key, binding, cursor)).transpose()
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// Where the list goes on; null at its end.
    pub(crate) next_cursor: Option<String>,
    /// All rows that the filters let through; only with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<i64>,
    /// There may be more than `total`: counting has ended before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(crate) total_is_at_least: bool,
}

impl<T> Page<T> {
    /// Cuts the probing row off, and makes the cursor of the last row that stays.
    pub(crate) fn cut(
        mut items: Vec<T>,
        limit: Limit,
        total: Option<Total>,
        cursor: impl FnOnce(&T) -> String,
    ) -> Self {
        let more = items.len() > limit.rows();
        let shown = total.map(|total| total.shown(items.len()));
        let (total, total_is_at_least) = (shown.map(|(total, _)| total), shown.is_some_and(|(_, more)| more));
        items.truncate(limit.rows());
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor, total, total_is_at_least }
    }

    /// The same page with its rows in another form.
    pub(crate) fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, next_cursor, total, total_is_at_least } = self;
        let items = items.into_iter().map(form).collect();
        Page { items, next_cursor, total, total_is_at_least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_limits_name_the_parameter() {
        for query in ["limit=0", "limit=201", "limit=-1", "limit=", "limit=ten", "limit=99999999999999999999"]
        {
            assert_eq!(PageQuery::read(Some(query)).unwrap_err().name(), "limit", "{query}");
        }
        assert_eq!(PageQuery::read(None).unwrap().limit.rows(), 50);
        assert_eq!(PageQuery::read(Some("limit=200")).unwrap().limit.rows(), 200);
    }

    #[test]
    fn what_is_whole_has_no_pages() {
        for name in ["limit=50", "cursor=x", "count=false"] {
            let refused = PageQuery::read(Some(name)).unwrap().whole().unwrap_err();
            assert!(name.starts_with(refused.name()), "{name}");
        }
        PageQuery::read(None).unwrap().whole().unwrap();
    }

    #[test]
    fn the_probing_row_is_cut_off() {
        let limit = PageQuery::read(Some("limit=2")).unwrap().limit;
        let page = Page::cut(vec![1, 2, 3], limit, None, ToString::to_string);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], Some("2".to_owned())));
        let page = Page::cut(vec![1, 2], limit, None, ToString::to_string);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], None));
        // What was seen is counted, however little of it was.
        let page = Page::cut(vec![1, 2, 3], limit, Some(Total::AtLeast(0)), ToString::to_string);
        assert_eq!((page.total, page.total_is_at_least), (Some(3), true));
    }
}
