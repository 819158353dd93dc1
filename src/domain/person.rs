//! Names of persons (D-19).
