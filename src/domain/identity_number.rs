//! Identity numbers of holders (D-14, D-15).
