//! The station's own keys: wraps, escrow, seals, signatures. Knows nothing of tokens: signing by a ukey is a closure.
