//! Units of the hierarchy and their codes (D-1, D-2, D-17, D-18).
