//! Erases what is personal of a request whose time is over (D-51): values, salts, names, scans and
//! search hashes. Signatures, certificates and the audit log stay as they are.

use rusqlite::params;

use super::value::{id, parsed};
use super::{Reading, Store, StoreError, Writing};
use crate::domain::certificate::CertificateSerial;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::timestamp::Timestamp;

/// What a purge of a request does to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purge {
    /// Nothing: it holds nothing personal, or what must stay provable.
    Keeps,
    /// Deletes the rows of the request, found by this column.
    DeletesRows(&'static str),
    /// Runs this statement; `?1` is the request.
    Edits(&'static str),
    /// Deletes what the request is found by.
    DeletesTerms,
    /// The person's pseudonym, when this was their last request.
    DeletesLast,
}

/// Every table of the schema is judged here; a test compares the list with the schema.
pub(super) const TABLES: &[(&str, Purge)] = &[
    ("approvals", Purge::Keeps), // Commitments only.
    ("audit", Purge::Keeps),
    ("audit_checkpoints", Purge::Keeps),
    ("audit_instances", Purge::Keeps),
    ("backups", Purge::Keeps), // They are destroyed themselves.
    ("ca_unlock", Purge::Keeps),
    (
        // The DER stays: what it signed must stay verifiable, and it was public.
        "certificates",
        Purge::Edits("UPDATE certificates SET subject = '' WHERE request = ?1"),
    ),
    ("delegations", Purge::Keeps), // Of a unit, not of a person.
    (
        "departures",
        Purge::Edits("UPDATE departures SET reason = '' WHERE request = ?1"),
    ),
    ("discrepancies", Purge::Keeps), // Of ukeys; explanations name no holder.
    ("dispatch_items", Purge::Keeps),
    ("dispatch_notes", Purge::Keeps),
    ("enrolments_received", Purge::Keeps),
    ("escrow", Purge::Keeps),
    ("exchange_requests", Purge::Keeps), // Of other units; their orders go by their own time.
    ("exchange_revocations", Purge::Keeps), // Serial numbers and reasons.
    ("former_authorities", Purge::Keeps), // Of the CA, not of a person.
    ("handovers_received", Purge::Keeps), // Numbers and serial numbers of another home.
    (
        "issue_intents",
        Purge::Edits(
            "UPDATE issue_intents
             SET subject = json_set(subject, '$.name', '', '$.pseudonym', '')
             WHERE request = ?1",
        ),
    ),
    (
        // When and by whom it was reported, and the statement's hash, stay.
        "loss_reports",
        Purge::Edits(
            "UPDATE loss_reports SET reason = '', statement = NULL
             WHERE certificate IN (SELECT serial FROM certificates WHERE request = ?1)",
        ),
    ),
    ("meta", Purge::Keeps),
    ("neighbours", Purge::Keeps),
    ("officer_bindings", Purge::Keeps),
    ("officer_past_chains", Purge::Keeps),
    ("officers", Purge::Keeps),
    ("opinions", Purge::DeletesRows("request")),
    ("parcels_received", Purge::Keeps),
    ("parcels_sent", Purge::Keeps),
    ("parcels_superseded", Purge::Keeps),
    ("pin_letters", Purge::Keeps), // Gone when the letter is printed.
    ("pseudonyms", Purge::DeletesLast),
    (
        // What was signed says its hash alone.
        "refusals",
        Purge::Edits("UPDATE refusals SET reason = '', salts = '{}' WHERE request = ?1"),
    ),
    ("reorder_levels", Purge::Keeps),
    (
        "request_fields",
        Purge::Edits(
            "DELETE FROM request_fields WHERE place = (SELECT place FROM requests WHERE id = ?1)",
        ),
    ),
    (
        // Who entered what, and when, stays.
        "request_revisions",
        Purge::Edits("UPDATE request_revisions SET fields = '{}' WHERE request = ?1"),
    ),
    ("request_terms", Purge::DeletesTerms), // Before `requests` forgets them.
    (
        "requests",
        Purge::Edits(
            "UPDATE requests SET holder_name = '', person = NULL, name_key = x'', terms = ''
             WHERE id = ?1",
        ),
    ),
    ("reveal_reasons", Purge::Keeps), // Why somebody looked; says nothing of whom.
    ("reviews", Purge::Keeps),        // No personal data.
    ("run_journal", Purge::Keeps),
    ("run_proofs", Purge::Keeps),
    ("run_secrets", Purge::Keeps), // Gone when the run is proven.
    ("runs", Purge::Keeps),        // The CSR has no subject.
    (
        // The hash stays: the approval names it.
        "scans",
        Purge::Edits("UPDATE scans SET content = NULL WHERE request = ?1"),
    ),
    ("sent_up", Purge::DeletesRows("request")),
    ("slips", Purge::Keeps),
    ("so_pin_rotations", Purge::Keeps), // Gone when the ukey has it.
    ("stock_check_items", Purge::Keeps), // Of ukeys: no label, no holder.
    ("stock_checks", Purge::Keeps),
    ("stock_days", Purge::Keeps),
    ("stock_delivering", Purge::Keeps), // Empty.
    ("stock_entries", Purge::Keeps),
    (
        // Why a ukey came back may tell of its holder.
        "stock_movements",
        Purge::Edits(
            "UPDATE stock_movements SET reason = '' WHERE kind = 'return' AND id IN
                 (SELECT movement FROM stock_entries WHERE ukey IN
                     (SELECT ukey FROM certificates WHERE request = ?1))",
        ),
    ),
    (
        "superior_refusals",
        Purge::Edits("UPDATE superior_refusals SET reason = '' WHERE request = ?1"),
    ),
    ("tallies", Purge::Keeps),          // Counts.
    ("tally_scans", Purge::Keeps),      // Of other units; they go by their own time.
    ("tally_scans_sent", Purge::Keeps), // The scan's hash, as in scans.
    ("temporary_officers", Purge::Keeps),
    ("ukey_transitions", Purge::Keeps),
    ("ukeys", Purge::Keeps),
    ("unblock_grants", Purge::Keeps),   // Of ukeys and units.
    ("unblock_requests", Purge::Keeps), // The secrets are gone when the ukey is proven.
    ("unit_certificates", Purge::Keeps),
    ("unit_crls", Purge::Keeps),
    ("unit_mergers", Purge::Keeps),
    ("unit_terms", Purge::Keeps),
    ("units", Purge::Keeps),
    ("unknown_certificates", Purge::Keeps), // Certificates alone, as in `certificates`.
    ("user_types", Purge::Keeps),
    ("waivers", Purge::Keeps), // Why a unit needs one; says nothing of a holder.
];

impl Reading<'_> {
    /// Requests that were not purged yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unpurged_requests(&self) -> Result<Vec<RequestId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT id FROM requests WHERE purged_at IS NULL ORDER BY number")?;
        let rows = statement.query_map([], |row| parsed(row, 0, "request id", id))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The end of the last certificate that was issued for a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificates_end(&self, request: RequestId) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT max(not_after) FROM certificates WHERE request = ?1")?;
        let end: Option<String> = statement.query_row([request.to_string()], |row| row.get(0))?;
        let damaged = || super::value::unreadable("time");
        Ok(end
            .map(|text| super::value::time(&text).ok_or_else(damaged))
            .transpose()?)
    }
}

impl Writing<'_> {
    /// Erases what is personal of one request.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was purged meanwhile.
    pub fn purge_request(&self, request: RequestId, at: Timestamp) -> Result<(), StoreError> {
        let marked = self.db.execute(
            "UPDATE requests SET purged_at = ?2 WHERE id = ?1 AND purged_at IS NULL",
            params![request.to_string(), at.to_string()],
        )?;
        if marked != 1 {
            return Err(StoreError::Changed("the request"));
        }
        for (table, purge) in TABLES {
            match *purge {
                Purge::Keeps | Purge::DeletesLast => {}
                Purge::DeletesRows(column) => {
                    let sql = format!("DELETE FROM {table} WHERE {column} = ?1");
                    self.db.execute(&sql, [request.to_string()])?;
                }
                Purge::DeletesTerms => self.delete_terms(request)?,
                Purge::Edits(sql) => {
                    self.db.execute(sql, [request.to_string()])?;
                }
            }
        }
        Ok(())
    }

    /// Erases the order of another station's desk, which names the holder; what it led to stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn purge_exchange_order(&self, serial: &CertificateSerial) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE exchange_requests SET signed_order = x'' WHERE serial = ?1",
            [serial.to_string()],
        )?;
        Ok(())
    }

    /// Erases the pseudonym of a person in a unit, with the search hash it is found by.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn purge_pseudonym(&self, unit: UnitId, person: &[u8]) -> Result<(), StoreError> {
        self.db.execute(
            "DELETE FROM pseudonyms WHERE unit = ?1 AND person = ?2",
            params![unit.to_string(), person],
        )?;
        Ok(())
    }
}

impl Store {
    /// Takes the write-ahead log into the file and empties it, so that what was erased is in
    /// neither.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fold_log(&self) -> Result<(), StoreError> {
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))?;
        Ok(())
    }
}
