//! `NameIndex`: how names are put in order and found: the Chinese collation order, pinyin and its
//! initials. Stores nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;
use pinyin::ToPinyin as _;

/// Pinyin order of Han (CLDR root with the tailoring of `zh`); without its data the plain order of
/// code points.
static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| Collator::try_new(locale!("zh").into(), CollatorOptions::default()).ok());

/// Characters that are read otherwise where they are a surname.
const SURNAMES: [(char, &str); 14] = [
    ('曾', "zeng"),
    ('单', "shan"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('区', "ou"),
    ('查', "zha"),
    ('朴', "piao"),
    ('覃', "qin"),
    ('盖', "ge"),
    ('翟', "zhai"),
    ('尉', "yu"),
    ('乐', "yue"),
    ('种', "chong"),
    ('缪', "miao"),
];

/// Bytes whose order is the order of names in a Chinese list. Another version of the collation data
/// may give others: they are kept to be compared with each other only.
pub fn sort_key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    match &*COLLATOR {
        Some(collator) => match collator.write_sort_key_to(name, &mut key) {
            Ok(()) => key,
        },
        None => name.as_bytes().to_vec(),
    }
}

/// The texts under which a name is found by its beginning: the name from each of its characters on,
/// its pinyin and its initials likewise. Lower case, no spaces.
pub fn terms(name: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let plain = folded(name);
    let rests = plain.char_indices().filter_map(|(at, _c)| plain.get(at..));
    terms.extend(rests.map(str::to_owned));
    let mut syllables: Vec<Cow<'static, str>> = plain.chars().map(reading).collect();
    spell(&syllables, &mut terms);
    let surname = plain.chars().next().and_then(|first| {
        let known = SURNAMES.iter().find(|(c, _pinyin)| *c == first);
        known.map(|(_c, pinyin)| Cow::Borrowed(*pinyin))
    });
    if let (Some(surname), Some(first)) = (surname, syllables.first_mut()) {
        *first = surname;
        spell(&syllables, &mut terms);
    }
    terms.sort();
    // What a term begins with finds it too: the last initial stands in its own pinyin.
    let longer = terms.split_off(0);
    for term in longer {
        if terms.last().is_some_and(|before| term.starts_with(before)) {
            terms.pop();
        }
        terms.push(term);
    }
    terms
}

/// Text as [`terms`] has it: what is searched for goes through this too.
pub fn folded(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '·');
    kept.flat_map(char::to_lowercase).collect()
}

/// Full pinyin and initials from each syllable on.
fn spell(syllables: &[Cow<'static, str>], terms: &mut Vec<String>) {
    for at in 0..syllables.len() {
        let rest = syllables.get(at..).unwrap_or_default();
        terms.push(rest.concat());
        let mut initials = String::with_capacity(rest.len());
        initials.extend(rest.iter().filter_map(|syllable| syllable.chars().next()));
        terms.push(initials);
    }
}

/// The plain pinyin of a Han character; another one as it is.
fn reading(c: char) -> Cow<'static, str> {
    c.to_pinyin().map_or_else(
        || Cow::Owned(c.to_string()),
        |pinyin| Cow::Borrowed(pinyin.plain()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_pinyin_order() {
        let mut names = [
            "张伟",
            "王芳",
            "李华",
            "艾力",
            "欧阳娜",
            "陈晨",
            "𠮷田",
            "Anna",
        ];
        names.sort_by_key(|name| sort_key(name));
        let han: Vec<_> = names
            .into_iter()
            .filter(|name| !["𠮷田", "Anna"].contains(name))
            .collect();
        assert_eq!(han, ["艾力", "陈晨", "李华", "欧阳娜", "王芳", "张伟"]);
        assert!(sort_key("李华") < sort_key("李明"));
        assert_eq!(sort_key("李华"), sort_key("李华"));
    }

    #[test]
    fn a_name_is_found_by_each_of_its_parts_and_by_its_initials() {
        let terms = terms("欧阳娜");
        for term in [
            "欧阳娜",
            "阳娜",
            "娜",
            "ouyangna",
            "yangna",
            "oyn",
            "yn",
            "n",
        ] {
            assert!(
                terms.iter().any(|found| found.starts_with(term)),
                "{term} in {terms:?}"
            );
        }
        let both = super::terms("曾国");
        assert!(both.contains(&"zg".to_owned()) && both.contains(&"cg".to_owned()));
        assert!(super::terms("Anna Meyer").contains(&"annameyer".to_owned()));
        assert!(super::terms("𠮷田").contains(&"𠮷田".to_owned()));
        assert_eq!(folded(" 买买提·艾力 "), "买买提艾力");
        // No term finds nothing but what another finds too.
        assert_eq!(super::terms("李李"), ["lili", "ll", "李李"]);
    }
}
