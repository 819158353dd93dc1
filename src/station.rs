//! Joins decisions and effects: the only API of both front ends.
