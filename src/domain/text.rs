//! What typed text has in common before it is parsed: full-width forms, white space, characters
//! that nobody sees. Repairs nothing silently: who normalises compares and tells (D-11, D-14).

/// Control, bidi and other invisible characters, which D-11 refuses.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A full-width letter, digit or sign as its ASCII one, an ideographic space as a space; any other
/// character as it is.
pub fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// The first `count` characters, with `…` where there were more: a value of ten megabytes is not
/// shown back.
pub fn shortened(text: &str, count: usize) -> String {
    let mut kept: String = text.chars().take(count).collect();
    if text.chars().nth(count).is_some() {
        kept.push('…');
    }
    kept
}

/// `text` with all but its first `head` and last `tail` characters as stars: at most eight, so that
/// the length of a long one stays hidden. Too short a text is stars only.
pub fn masked(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    if count <= head + tail {
        return "*".repeat(count.min(8));
    }
    let first: String = text.chars().take(head).collect();
    let last: String = text.chars().skip(count - tail).collect();
    format!("{first}{}{last}", "*".repeat((count - head - tail).min(8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_back_is_short_and_masked() {
        assert_eq!(masked("430102199003070012", 6, 4), "430102********0012");
        assert_eq!(masked("1234567890", 6, 4), "********");
        assert_eq!(shortened(&"长".repeat(1000), 3), "长长长…");
        assert_eq!(half_width('Ｘ'), 'X');
        assert!(is_hidden('\u{202e}') && is_hidden('\u{0}') && !is_hidden('𠮷'));
    }
}
