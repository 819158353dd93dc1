//! Pages of requests: found by number, name, pinyin, unit or person, in order of number or name. A
//! page is found in indexes first; only its own rows are read then.

mod frequent;

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::requests::{COLUMNS, RequestRow, YEAR, read};
use super::value::parsed;
use super::{Reading, StoreError};
use crate::domain::id::UnitId;
use crate::domain::name_index;
use crate::domain::request::RequestState;

/// Which requests to list.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Only those in this state.
    pub state: Option<RequestState>,
    /// Only those of this unit.
    pub unit: Option<UnitId>,
    /// Only those whose number or unit holds this text, or whose name, pinyin or initials do from one
    /// of the name's characters on.
    pub search: Option<String>,
    /// Only those of this person: the search hash of their identity number.
    pub person: Option<Vec<u8>>,
    /// In which order.
    pub order: RequestOrder,
    /// At most so many.
    pub limit: Option<usize>,
    /// After so many.
    pub offset: usize,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestOrder {
    /// The oldest number first.
    #[default]
    Number,
    /// As names stand in a Chinese list.
    Name,
}

/// More units or names than these fit a search: requests are then looked through in order instead,
/// which ends as soon as the page is full, or [`frequent`] finds them all.
const FEW_UNITS: u32 = 20;
const FEW_NAMES: usize = 1000;
/// A page of requests by number that ends after so many is full soon.
const FIRST_PAGES: usize = 100;

/// A query in the making.
struct Query<'a> {
    filter: &'a RequestFilter,
    /// What every row has to fulfil.
    conditions: Vec<String>,
    values: Vec<Value>,
}

/// How a search text finds requests.
#[derive(Default)]
struct Found {
    /// Selects of the places of a few.
    sources: Vec<String>,
    /// Conditions that many fulfil.
    dense: Vec<String>,
    /// Between which terms, by their place holders, many names lie.
    frequent: Option<(String, String)>,
}

impl Query<'_> {
    /// Adds a value and gives its place holder.
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// Adds `column = value`.
    fn equal(&mut self, column: &str, value: impl Into<Value>) {
        let value = self.value(value);
        self.conditions.push(format!("{column} = {value}"));
    }

    fn all_conditions(&self) -> String {
        if self.conditions.is_empty() {
            "1".to_owned()
        } else {
            self.conditions.join(" AND ")
        }
    }

    /// After so many in order the page ends.
    fn last_of_page(&self) -> usize {
        let RequestFilter { limit, offset, .. } = self.filter;
        limit.unwrap_or(usize::MAX).saturating_add(*offset)
    }

    /// A page never needs more than its own end of each range.
    fn end_of_page(&self) -> i64 {
        match self.filter.order {
            RequestOrder::Number => count(self.last_of_page()),
            RequestOrder::Name => i64::MAX,
        }
    }

    /// Whether all that a text finds is looked for: where many names hold it, and neither many units
    /// do nor the page comes early or among few.
    fn finds_all(&self, found: &Found) -> bool {
        let RequestFilter {
            state,
            unit,
            person,
            ..
        } = self.filter;
        let early = self.end_of_page() <= count(FIRST_PAGES);
        let full_soon = early && state.is_none() && unit.is_none();
        found.frequent.is_some() && found.dense.is_empty() && person.is_none() && !full_soon
    }
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Reading<'_> {
    /// A page of requests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests(&self, filter: &RequestFilter) -> Result<Vec<RequestRow>, StoreError> {
        let places = self.places(filter)?;
        let sql = format!("SELECT {COLUMNS} FROM requests WHERE place = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = places
            .into_iter()
            .map(|place| statement.query_row(params![place], read));
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The places of all that a search finds, whatever its state and page.
    pub(super) fn request_places(&self, filter: &RequestFilter) -> Result<Vec<i64>, StoreError> {
        self.places(&RequestFilter {
            state: None,
            order: RequestOrder::Number,
            limit: None,
            offset: 0,
            ..filter.clone()
        })
    }

    /// How many requests are in each state; states without any are not told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn request_counts(&self) -> Result<BTreeMap<RequestState, u64>, StoreError> {
        let sql = "SELECT state, count(*) FROM requests GROUP BY state";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let state = parsed(row, 0, "state", RequestState::from_word)?;
            let count: i64 = row.get(1)?;
            Ok((state, u64::try_from(count).unwrap_or_default()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many requests a filter finds, on whatever page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_requests(&self, filter: &RequestFilter) -> Result<u64, StoreError> {
        let all = RequestFilter {
            limit: None,
            offset: 0,
            ..filter.clone()
        };
        let places = self.places(&all)?;
        Ok(u64::try_from(places.len()).unwrap_or(u64::MAX))
    }

    /// The places of a page, from indexes.
    fn places(&self, filter: &RequestFilter) -> Result<Vec<i64>, StoreError> {
        let mut query = Query {
            filter,
            conditions: Vec::new(),
            values: Vec::new(),
        };
        if let Some(state) = filter.state {
            query.equal("state", state.word().to_owned());
        }
        if let Some(unit) = filter.unit {
            query.equal("unit", unit.to_string());
        }
        if let Some(person) = &filter.person {
            query.equal("person", person.clone());
        }
        let text = filter.search.as_deref().map(str::trim);
        let text = text.filter(|text| !text.is_empty());
        let mut found = text.map(|text| self.search(text, &mut query)).transpose()?;
        if let Some(found) = &mut found {
            if query.finds_all(found) {
                return self.places_by_frequent_name(&query, found);
            }
            if let Some((first, _end)) = &found.frequent {
                // A line of them begins with it.
                let dense = format!("instr(char(10) || terms, char(10) || {first}) > 0");
                found.dense.push(dense);
            }
        }
        let dense = found.as_ref().is_some_and(|found| !found.dense.is_empty());
        let index = match filter.order {
            // Few rows, which are not in order; in a unit there may be many, in order.
            _ if filter.person.is_some() => "INDEXED BY requests_by_person",
            _ if filter.unit.is_some() || (found.is_some() && !dense) => "",
            RequestOrder::Number if dense => "INDEXED BY requests_by_place",
            RequestOrder::Number => "",
            RequestOrder::Name => "INDEXED BY requests_by_name",
        };
        let order = match filter.order {
            RequestOrder::Number => "place",
            RequestOrder::Name => "name_key, place",
        };
        if let Some(Found {
            sources, mut dense, ..
        }) = found
        {
            if !sources.is_empty() {
                dense.push(format!("place IN ({})", sources.join(" UNION ALL ")));
            }
            let either = if dense.is_empty() {
                "0".to_owned()
            } else {
                format!("({})", dense.join(" OR "))
            };
            query.conditions.push(either);
        }
        let limit = query.value(filter.limit.map_or(i64::MAX, count));
        let offset = query.value(count(filter.offset));
        let sql = format!(
            "SELECT place FROM requests {index} WHERE {}
             ORDER BY {order} LIMIT {limit} OFFSET {offset}",
            query.all_conditions()
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(query.values), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How a search text finds requests.
    fn search(&self, text: &str, query: &mut Query<'_>) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let also = query.all_conditions();
        let end_of_page = query.end_of_page();
        for (first, end) in self.number_ranges(text)? {
            let (first, end) = (query.value(first), query.value(end));
            let most = query.value(end_of_page);
            found.sources.push(format!(
                "SELECT place FROM (SELECT place FROM requests
                     WHERE place >= {first} AND place < {end} AND {also}
                     ORDER BY place LIMIT {most})"
            ));
        }
        let term = name_index::folded(text);
        if let (false, Some(end)) = (term.is_empty(), after(&term)) {
            self.search_names((&term, &end), query, &mut found)?;
            self.search_units((&term, &end), query, &mut found)?;
        }
        Ok(found)
    }

    /// Names, pinyin and initials between two terms.
    fn search_names(
        &self,
        (term, end): (&str, &str),
        query: &mut Query<'_>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        if let Some(places) = self.few_places((term, end), FEW_NAMES)? {
            // Numbers in brackets are JSON.
            let places = query.value(format!("{places:?}"));
            let select = format!("SELECT value FROM json_each({places})");
            found.sources.push(select);
        } else {
            let (first, end) = (query.value(term.to_owned()), query.value(end.to_owned()));
            found.frequent = Some((first, end));
        }
        Ok(())
    }

    /// Units between two terms.
    fn search_units(
        &self,
        (term, end): (&str, &str),
        query: &mut Query<'_>,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let units = self.units_holding((term, end))?;
        if u32::try_from(units.len()).is_ok_and(|count| count > FEW_UNITS) {
            let (first, end) = (query.value(term.to_owned()), query.value(end.to_owned()));
            found.dense.push(format!(
                "EXISTS (SELECT 1 FROM unit_terms WHERE unit_terms.unit = requests.unit
                     AND term >= {first} AND term < {end})"
            ));
        } else {
            for unit in units {
                let unit = query.value(unit);
                let select = format!("SELECT place FROM requests WHERE unit = {unit}");
                found.sources.push(select);
            }
        }
        Ok(())
    }

    /// Ids of units whose name holds the text or whose code is it; one more than a few at most.
    fn units_holding(&self, (first, end): (&str, &str)) -> Result<Vec<String>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM units WHERE code = upper(?1)
             UNION ALL SELECT * FROM
                 (SELECT DISTINCT unit FROM unit_terms WHERE term >= ?1 AND term < ?2 LIMIT ?3)",
        )?;
        let rows = statement.query_map(params![first, end, FEW_UNITS + 1], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The places whose number begins with `text` (`2026-00`), or whose count is it (`17`, `0017`).
    fn number_ranges(&self, text: &str) -> Result<Vec<(i64, i64)>, StoreError> {
        let is_digits = |text: &str| {
            (1..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some((year, count)) = text.split_once('-') {
            let Some(year) = Some(year)
                .filter(|year| is_digits(year))
                .and_then(|y| y.parse::<i64>().ok())
            else {
                return Ok(Vec::new());
            };
            let first = year * YEAR;
            if count.is_empty() {
                return Ok(vec![(first, first + YEAR)]);
            }
            let ranges = if is_digits(count) {
                count_ranges(count)
            } else {
                Vec::new()
            };
            return Ok(ranges
                .into_iter()
                .map(|(from, end)| (first + from, first + end))
                .collect());
        }
        let Some(number) = Some(text)
            .filter(|text| is_digits(text))
            .and_then(|t| t.parse::<i64>().ok())
        else {
            return Ok(Vec::new());
        };
        let sql = "SELECT (SELECT min(place) FROM requests), (SELECT max(place) FROM requests)";
        let ends: (Option<i64>, Option<i64>) = self
            .db
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(first), Some(last)) = ends else {
            return Ok(Vec::new());
        };
        let mut ranges: Vec<(i64, i64)> = (first / YEAR..=last / YEAR)
            .map(|year| (year * YEAR + number, year * YEAR + number + 1))
            .collect();
        if text.len() == 4 {
            ranges.push((number * YEAR, (number + 1) * YEAR));
        }
        Ok(ranges)
    }
}

/// Counts that, written with at least four digits, begin with these digits.
fn count_ranges(digits: &str) -> Vec<(i64, i64)> {
    let Ok(number) = digits.parse::<i64>() else {
        return Vec::new();
    };
    let written = u32::try_from(digits.len()).unwrap_or(u32::MAX);
    (written.max(4)..=7)
        .filter_map(|width| {
            let scale = 10_i64.checked_pow(width.checked_sub(written)?)?;
            let least = if width == 4 { 0 } else { 10_i64.pow(width - 1) };
            let (first, end) = ((number * scale).max(least), (number + 1) * scale);
            (first < end).then_some((first, end))
        })
        .collect()
}

/// The first text after every text that begins with `text`.
pub(super) fn after(text: &str) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match u32::from(last) + 1 {
            0xd800 => 0xe000,
            next => next,
        };
        if let Some(next) = char::from_u32(next) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_of_a_number_becomes_ranges() {
        assert_eq!(count_ranges("0017"), [(17, 18)]);
        assert_eq!(count_ranges("00"), [(0, 100)]);
        assert_eq!(
            count_ranges("12"),
            [
                (1200, 1300),
                (12_000, 13_000),
                (120_000, 130_000),
                (1_200_000, 1_300_000)
            ]
        );
        assert_eq!(
            count_ranges("12345"),
            [(12345, 12346), (123_450, 123_460), (1_234_500, 1_234_600)]
        );
    }

    #[test]
    fn the_text_after_a_beginning_is_above_all_that_begin_with_it() {
        let end = after("王").unwrap();
        assert!("王芳" < end.as_str() && "王\u{10ffff}" < end.as_str());
        assert!(after("李").unwrap().as_str() < "王" || after("李").unwrap().as_str() > "李");
        assert_eq!(after("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after("\u{10ffff}"), None);
    }
}
