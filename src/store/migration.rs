//! Brings a file to this program's version: `user_version`, one transaction, never backwards.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// One script a version, the first makes version 1.
pub(super) const SCRIPTS: &[&str] = &[
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
    include_str!("schema/005.sql"),
    include_str!("schema/006.sql"),
    include_str!("schema/007.sql"),
    include_str!("schema/008.sql"),
    include_str!("schema/009.sql"),
    include_str!("schema/010.sql"),
    include_str!("schema/011.sql"),
    include_str!("schema/012.sql"),
    include_str!("schema/013.sql"),
    include_str!("schema/014.sql"),
    include_str!("schema/015.sql"),
    include_str!("schema/016.sql"),
    include_str!("schema/017.sql"),
    include_str!("schema/018.sql"),
    include_str!("schema/019.sql"),
    include_str!("schema/020.sql"),
    include_str!("schema/021.sql"),
    include_str!("schema/022.sql"),
    include_str!("schema/023.sql"),
    include_str!("schema/024.sql"),
    include_str!("schema/025.sql"),
    include_str!("schema/026.sql"),
    include_str!("schema/027.sql"),
];

/// The version this program writes.
pub(super) fn newest() -> i64 {
    i64::try_from(SCRIPTS.len()).unwrap_or(i64::MAX)
}

pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let known = newest();
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == known {
        return Ok(());
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for script in SCRIPTS
        .iter()
        .skip(usize::try_from(found).unwrap_or_default())
    {
        tx.execute_batch(script)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    Ok(tx.commit()?)
}
