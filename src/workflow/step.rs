//! The steps of a run (D-34) and the class of each.
