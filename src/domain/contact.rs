//! Phone numbers and mail addresses (D-16).
