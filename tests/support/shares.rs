//! Shares on paper, as a custodian reads them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::must;

/// The lines of a share, and all that is on its paper, as pdftotext reads it.
pub(crate) fn lines_on(path: &Path) -> (Vec<String>, String) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = must("pdftotext", &["-layout", path.to_str().unwrap(), "-"]);
    let is_line = |word: &&str| {
        let groups: Vec<_> = word.split('-').map(str::len).collect();
        groups == [4, 4, 2]
    };
    let words = text.split_whitespace().filter(is_line);
    let lines: Vec<_> = words.map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "{text}");
    (lines, text)
}
