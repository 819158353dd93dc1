//! What one ukey model is and how it behaves, as data.
