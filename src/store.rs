//! Keeps the records: one encrypted SQLite file. Makes no decision; a failed write fails the act.
