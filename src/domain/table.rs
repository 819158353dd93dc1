//! Reads the tables that are bundled as `code,name` lines. Knows nothing of what they mean.

/// The pairs of a bundled table: lines that begin with `#` are remarks.
pub(super) fn pairs(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.trim().split_once(','))
        .collect()
}
