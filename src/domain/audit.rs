//! Rows of the audit log and their hash chain (D-49).
