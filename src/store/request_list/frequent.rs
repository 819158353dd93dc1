//! A page of requests whose name holds a text that many hold: all places that it finds are read from
//! the tree of terms alone and put in order here. Only of names that begin alike the whole key is
//! read.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::{FIRST_PAGES, Found, Query, RequestOrder};
use crate::store::request_terms::{Hit, hits_of};
use crate::store::{Reading, StoreError};

/// Looking at so many requests one by one takes as long as reading which all have a state.
const MOST_LOOKS: usize = 1000;
/// A name seldom holds a text more often: its pinyin and its initials do from each character on.
const HITS_A_NAME: usize = 8;

/// Leaves of all hits the first ones in order, each once: the page that ends there, and in a list by name all
/// that begin alike with its last. To find the first of many is several times faster than to put all in
/// order. `false`, with nothing left out, where that cannot be told from a part of them.
fn put_first_in_order(hits: &mut Vec<Hit>, end_of_page: usize, by_name: bool) -> bool {
    let enough = end_of_page.saturating_mul(HITS_A_NAME);
    if enough == 0 || enough >= hits.len() {
        return false;
    }
    let (first, ..) = hits.select_nth_unstable(enough);
    let mut first = first.to_vec();
    sort_once(&mut first);
    let Some(last) = first.get(end_of_page - 1) else {
        return false;
    };
    hits.retain(|hit| hit <= last || (by_name && hit.start == last.start));
    sort_once(hits);
    true
}

/// Each once: a name may hold the text twice.
fn sort_once(hits: &mut Vec<Hit>) {
    hits.sort_unstable();
    hits.dedup();
}

impl Reading<'_> {
    /// The places of a page of what a text finds, which [`Found::frequent`] names hold.
    pub(super) fn places_by_frequent_name(
        &self,
        query: &Query<'_>,
        found: &Found,
    ) -> Result<Vec<i64>, StoreError> {
        let by_name = query.filter.order == RequestOrder::Name;
        let mut hits = self.hits(query, found, by_name)?;
        let of_some = query.filter.state.is_some() || query.filter.unit.is_some();
        if of_some || !put_first_in_order(&mut hits, query.last_of_page(), by_name) {
            sort_once(&mut hits);
        }
        if of_some {
            if let Some(first) = self.first_fitting(query, &hits)? {
                hits = first;
            } else {
                let fitting = self.fitting(query)?;
                hits.retain(|hit| fitting.binary_search(&hit.place).is_ok());
            }
        }
        let first = query.filter.offset;
        let end = query.last_of_page().min(hits.len());
        let (Some(from), Some(last)) = (hits.get(first), hits.get(..end).and_then(<[_]>::last))
        else {
            return Ok(Vec::new());
        };
        if !by_name {
            let page = hits.get(first..end).unwrap_or_default();
            return Ok(page.iter().map(|hit| hit.place).collect());
        }
        // From the first to the last of those whose names begin as those at the ends of the page.
        let from = hits.partition_point(|hit| hit.start < from.start);
        let to = hits.partition_point(|hit| hit.start <= last.start);
        let around = hits.get(from..to).unwrap_or_default();
        let mut places = Vec::with_capacity(around.len());
        for alike in around.chunk_by(|one, next| one.start == next.start) {
            self.put_in_order(alike, &mut places)?;
        }
        let page = places.into_iter().skip(first - from);
        Ok(page.take(end.saturating_sub(first)).collect())
    }

    /// Everything that is found, whatever its state and unit, in no order.
    fn hits(
        &self,
        query: &Query<'_>,
        found: &Found,
        by_name: bool,
    ) -> Result<Vec<Hit>, StoreError> {
        let Some((first, end)) = &found.frequent else {
            return Ok(Vec::new());
        };
        let terms = format!("request_terms WHERE term >= {first} AND term < {end}");
        let sql = if found.sources.is_empty() {
            format!("SELECT packed_hits(place, name_start, more) FROM {terms}")
        } else {
            // Of an empty BLOB, which is what a purge leaves, there is no part.
            let sources = found.sources.join(" UNION ALL ");
            format!(
                "SELECT packed_hits(place, start, more) FROM (
                     SELECT place, name_start AS start, more FROM {terms}
                     UNION ALL SELECT place, coalesce(substr(name_key, 1, 8), x''), x''
                         FROM requests WHERE place IN ({sources}))"
            )
        };
        let mut statement = self.db.prepare_cached(&sql)?;
        let used = query.values.iter().take(statement.parameter_count());
        let mut hits = statement.query_row(params_from_iter(used), hits_of)?;
        if !by_name {
            for hit in &mut hits {
                hit.start = 0;
            }
        }
        Ok(hits)
    }

    /// The first of the hits that have the wanted state and unit, as many as an early page needs and
    /// all that begin alike with its last; `None` where too many would be looked at one by one.
    fn first_fitting(
        &self,
        query: &Query<'_>,
        hits: &[Hit],
    ) -> Result<Option<Vec<Hit>>, StoreError> {
        let end = query.last_of_page();
        if end > FIRST_PAGES {
            return Ok(None);
        }
        let by_name = query.filter.order == RequestOrder::Name;
        let sql = format!(
            "SELECT 1 FROM requests INDEXED BY requests_by_place WHERE {} AND place = ?{}",
            query.all_conditions(),
            query.values.len() + 1
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut fitting: Vec<Hit> = Vec::new();
        for (looked_at, hit) in hits.iter().enumerate() {
            let alike = |last: &Hit| by_name && last.start == hit.start;
            if fitting.len() >= end && !fitting.last().is_some_and(alike) {
                break;
            }
            if looked_at == MOST_LOOKS {
                return Ok(None);
            }
            let place = Value::from(hit.place);
            let values = query.values.iter().chain([&place]);
            if statement.exists(params_from_iter(values))? {
                fitting.push(*hit);
            }
        }
        Ok(Some(fitting))
    }

    /// The places, in order, of all that has the wanted state and unit, from indexes that say both.
    fn fitting(&self, query: &Query<'_>) -> Result<Vec<i64>, StoreError> {
        let index = match query.filter.unit {
            Some(_unit) => "requests_by_unit",
            None => "requests_by_state_place",
        };
        let sql = format!(
            "SELECT place FROM requests INDEXED BY {index} WHERE {} ORDER BY place",
            query.all_conditions()
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let used = query.values.iter().take(statement.parameter_count());
        let rows = statement.query_map(params_from_iter(used), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Puts the places of requests whose names begin alike in the order of their whole names.
    fn put_in_order(&self, alike: &[Hit], places: &mut Vec<i64>) -> Result<(), StoreError> {
        if let [one] = alike {
            places.push(one.place);
            return Ok(());
        }
        let mut statement = self
            .db
            .prepare_cached("SELECT name_key FROM requests WHERE place = ?1")?;
        let read = |hit: &Hit| {
            let key: Vec<u8> = statement.query_row(params![hit.place], |row| row.get(0))?;
            Ok((key, hit.place))
        };
        let keys: Result<Vec<_>, rusqlite::Error> = alike.iter().map(read).collect();
        let mut keys = keys?;
        keys.sort_unstable();
        places.extend(keys.into_iter().map(|(_key, place)| place));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_hits_are_those_of_all_in_order(
            pairs in prop::collection::vec((0_u64..40, 0_i64..60), 0..400),
            end in 0_usize..12,
            by_name: bool,
        ) {
            let start = |start| if by_name { start } else { 0 };
            let hits = pairs.iter().map(|(one, place)| Hit { start: start(*one), place: *place });
            let hits: Vec<Hit> = hits.collect();
            let mut all = hits.clone();
            all.sort_unstable();
            all.dedup();
            let mut first = hits.clone();
            if put_first_in_order(&mut first, end, by_name) {
                prop_assert_eq!(&first, &all[..first.len()]);
                let last = first[end - 1];
                let alike = all.iter().filter(|hit| hit.start <= last.start).count();
                prop_assert!(end <= first.len() && (!by_name || alike <= first.len()));
            } else {
                first.sort_unstable();
                let mut before = hits;
                before.sort_unstable();
                prop_assert_eq!(first, before);
            }
        }
    }
}
