//! Pages of certificates: found by serial number, ukey, request, holder or unit; in order of their ends or
//! their holders. Live ones and revoked ones lie in indexes of their own: a page is the first of both.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::certificates::serial;
use super::request_list::{RequestFilter, after};
use super::value::{json, optional, parsed, time};
use super::{Reading, StoreError};
use crate::domain::certificate::{CertificateSerial, CertificateState, RevocationReason};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// A certificate in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateLine {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The ukey it is on.
    pub ukey: Serial,
    /// Where that is in its life.
    pub ukey_state: UkeyState,
    /// notAfter.
    pub not_after: Timestamp,
    /// Its state at the moment that was asked for.
    pub state: CertificateState,
    /// Why it is revoked or on hold.
    pub reason: Option<RevocationReason>,
    /// Since when.
    pub revoked_at: Option<Timestamp>,
    /// The number of its request.
    pub number: String,
    /// Its holder; empty once purged.
    pub holder: String,
    /// The holder's unit.
    pub unit: String,
}

/// Which certificates to list.
#[derive(Clone, Debug, Default)]
pub struct CertificateFilter {
    /// Only those in this state.
    pub state: Option<CertificateState>,
    /// Only live ones that end by then.
    pub ends_by: Option<Timestamp>,
    /// Only those whose serial number begins with its text, whose ukey's holds it, or whose request it
    /// finds; state and page of the request do not count.
    pub search: Option<RequestFilter>,
    /// In which order.
    pub order: CertificateOrder,
    /// At most so many.
    pub limit: usize,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateOrder {
    /// What ends last first: as a rule the newest.
    #[default]
    EndsLast,
    /// What ends first.
    EndsFirst,
    /// As their holders stand in a Chinese list.
    Holder,
}

impl CertificateOrder {
    const fn sql(self) -> &'static str {
        match self {
            Self::EndsLast => "certificates.not_after DESC",
            Self::EndsFirst => "certificates.not_after",
            Self::Holder => "requests.name_key, requests.place",
        }
    }
}

/// Where rows are read from, in an order that ends soon.
#[derive(Clone, Copy)]
enum Source {
    /// Live ones by their end.
    LiveByEnd,
    /// Live ones by their holder.
    LiveByHolder,
    /// Revoked ones and those on hold.
    InList,
    /// Any.
    Found,
}

impl Source {
    const fn sql(self) -> &'static str {
        match self {
            Self::LiveByEnd => {
                "certificates INDEXED BY certificates_by_end
                 CROSS JOIN requests ON requests.id = certificates.request"
            }
            Self::LiveByHolder => {
                "requests INDEXED BY requests_by_name
                 CROSS JOIN certificates INDEXED BY certificates_live
                     ON certificates.request = requests.id"
            }
            Self::InList => {
                "certificates INDEXED BY certificates_in_crl
                 CROSS JOIN requests ON requests.id = certificates.request"
            }
            Self::Found => {
                "found CROSS JOIN certificates ON certificates.serial = found.serial
                 CROSS JOIN requests ON requests.id = certificates.request"
            }
        }
    }

    /// What the index of a source holds.
    const fn condition(self) -> &'static str {
        match self {
            Self::LiveByEnd | Self::LiveByHolder => "certificates.state IN ('active', 'hold')",
            Self::InList => "certificates.state IN ('hold', 'revoked')",
            Self::Found => "1",
        }
    }
}

/// Serials of what a text finds: ?1 begins them, ?2 is after all that it begins, ?3 is a part of the ukey's
/// serial number, ?4 lists the places of requests.
const FOUND: &str = "WITH places AS (SELECT value AS place FROM json_each(?4)), found AS (
        SELECT serial FROM certificates WHERE serial >= ?1 AND serial < ?2
        UNION SELECT serial FROM certificates INDEXED BY certificates_by_ukey WHERE instr(ukey, ?3) > 0
        UNION SELECT certificates.serial FROM places
            CROSS JOIN requests ON requests.place = places.place
            CROSS JOIN certificates INDEXED BY certificates_live ON certificates.request = requests.id
            WHERE certificates.state IN ('active', 'hold')
        UNION SELECT certificates.serial FROM certificates INDEXED BY certificates_in_crl
            CROSS JOIN requests ON requests.id = certificates.request
            WHERE certificates.state IN ('hold', 'revoked')
                AND requests.place IN (SELECT place FROM places))";

/// A row with what it is put in order by.
struct Placed {
    line: CertificateLine,
    name_key: Vec<u8>,
    place: i64,
}

impl Reading<'_> {
    /// The first certificates of a list, their states as they are `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificate_lines(
        &self,
        filter: &CertificateFilter,
        now: Timestamp,
    ) -> Result<Vec<CertificateLine>, StoreError> {
        let mut rows = Vec::new();
        if let Some(search) = &filter.search {
            let text = search.search.as_deref().unwrap_or_default();
            let text: String = text.split_whitespace().collect();
            let values = vec![
                text.to_ascii_lowercase().into(),
                after(&text.to_ascii_lowercase()).into(),
                // Every serial number holds the empty text: it is to find none.
                Some(text).filter(|text| !text.is_empty()).into(),
                json(&self.request_places(search)?)?.into(),
            ];
            self.read_lines(Source::Found, (filter, now), values, &mut rows)?;
        } else {
            for source in sources(filter) {
                self.read_lines(*source, (filter, now), Vec::new(), &mut rows)?;
            }
        }
        rows.sort_by(|one, other| {
            let by_end = one.line.not_after.cmp(&other.line.not_after);
            match filter.order {
                CertificateOrder::EndsFirst => by_end,
                CertificateOrder::EndsLast => by_end.reverse(),
                CertificateOrder::Holder => {
                    (&one.name_key, one.place).cmp(&(&other.name_key, other.place))
                }
            }
        });
        rows.truncate(filter.limit);
        Ok(rows.into_iter().map(|row| row.line).collect())
    }

    /// The first rows of one source.
    fn read_lines(
        &self,
        source: Source,
        (filter, now): (&CertificateFilter, Timestamp),
        mut values: Vec<Value>,
        rows: &mut Vec<Placed>,
    ) -> Result<(), StoreError> {
        let mut value = |value: Value| {
            values.push(value);
            format!("?{}", values.len())
        };
        let mut conditions = vec![source.condition().to_owned()];
        match filter.state {
            Some(CertificateState::Active) => {
                let now = value(now.to_string().into());
                conditions.push(format!(
                    "certificates.state = 'active' AND certificates.not_after >= {now}"
                ));
            }
            Some(CertificateState::Expired) => {
                let now = value(now.to_string().into());
                conditions.push(format!(
                    "certificates.state = 'active' AND certificates.not_after < {now}"
                ));
            }
            Some(state) => {
                let state = value(state.word().to_owned().into());
                conditions.push(format!("certificates.state = {state}"));
            }
            None if matches!(source, Source::InList) => {
                conditions.push("certificates.state = 'revoked'".to_owned());
            }
            None => {}
        }
        if let Some(until) = filter.ends_by {
            let (now, until) = (
                value(now.to_string().into()),
                value(until.to_string().into()),
            );
            conditions.push(format!(
                "certificates.state IN ('active', 'hold')
                 AND certificates.not_after > {now} AND certificates.not_after <= {until}"
            ));
        }
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let limit = value(limit.into());
        let with = if matches!(source, Source::Found) {
            FOUND
        } else {
            ""
        };
        let sql = format!(
            "{with} SELECT certificates.serial, certificates.ukey, ukeys.state,
                 certificates.not_after, certificates.state, certificates.reason,
                 certificates.revoked_at, requests.number, requests.holder_name, units.name,
                 requests.name_key, requests.place
             FROM {} CROSS JOIN units ON units.id = requests.unit
                 CROSS JOIN ukeys ON ukeys.serial = certificates.ukey
             WHERE {} ORDER BY {} LIMIT {limit}",
            source.sql(),
            conditions.join(" AND "),
            filter.order.sql()
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(values), |row| read(row, now))?;
        for row in found {
            rows.push(row?);
        }
        Ok(())
    }
}

/// Where the rows of a list without a search come from; what is on hold lies in two indexes and is read from
/// one.
const fn sources(filter: &CertificateFilter) -> &'static [Source] {
    let by_holder = matches!(filter.order, CertificateOrder::Holder);
    match (filter.state, by_holder) {
        (Some(CertificateState::Hold | CertificateState::Revoked), _) => &[Source::InList],
        (Some(_), true) => &[Source::LiveByHolder],
        (Some(_), false) => &[Source::LiveByEnd],
        (None, _) if filter.ends_by.is_some() && by_holder => &[Source::LiveByHolder],
        (None, _) if filter.ends_by.is_some() => &[Source::LiveByEnd],
        (None, true) => &[Source::LiveByHolder, Source::InList],
        (None, false) => &[Source::LiveByEnd, Source::InList],
    }
}

fn read(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<Placed> {
    let not_after = parsed(row, 3, "time", time)?;
    let state = parsed(row, 4, "state", |word| match word {
        "active" if not_after < now => Some(CertificateState::Expired),
        "active" => Some(CertificateState::Active),
        "hold" => Some(CertificateState::Hold),
        "revoked" => Some(CertificateState::Revoked),
        _ => None,
    })?;
    Ok(Placed {
        line: CertificateLine {
            serial: parsed(row, 0, "certificate serial", serial)?,
            ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
            ukey_state: parsed(row, 2, "state", UkeyState::from_word)?,
            not_after,
            state,
            reason: optional(row, 5, "reason", RevocationReason::from_word)?,
            revoked_at: optional(row, 6, "time", time)?,
            number: row.get(7)?,
            holder: row.get(8)?,
            unit: row.get(9)?,
        },
        name_key: row.get(10)?,
        place: row.get(11)?,
    })
}
