//! `Region`: provinces of China and the prefectures and counties of Hunan (GB/T 2260), as far as the
//! bundled tables know them. A code that is not in them may be an abolished one (D-14).

use std::sync::LazyLock;

use super::table;

/// One prefecture or county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Six digits; a prefecture's end in `00`.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// First two digits of Hunan's codes.
pub const HUNAN: &str = "43";

static PROVINCES: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| table::pairs(include_str!("provinces.csv")));
static HUNAN_REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let pairs = table::pairs(include_str!("hunan.csv")).into_iter();
    pairs.map(|(code, name)| Region { code, name }).collect()
});

/// The province whose codes begin with these two digits.
pub fn province(two_digits: &str) -> Option<&'static str> {
    let found = PROVINCES.iter().find(|(code, _name)| *code == two_digits);
    found.map(|(_code, name)| *name)
}

/// Hunan's fourteen prefectures.
pub fn prefectures() -> impl Iterator<Item = Region> {
    let all = HUNAN_REGIONS.iter().copied();
    all.filter(|region| region.code.ends_with("00"))
}

/// Hunan's 122 counties, cities at county level and districts.
pub fn counties() -> impl Iterator<Item = Region> {
    let all = HUNAN_REGIONS.iter().copied();
    all.filter(|region| !region.code.ends_with("00"))
}

/// The county or prefecture of Hunan with this code.
pub fn of_code(six_digits: &str) -> Option<Region> {
    let mut all = HUNAN_REGIONS.iter().copied();
    all.find(|region| region.code == six_digits)
}

/// Whether the tables can tell that this code is not in use: they know Hunan's alone. Such a code
/// only warns (D-14).
pub fn is_unknown(six_digits: &str) -> bool {
    six_digits.starts_with(HUNAN) && of_code(six_digits).is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn hunan_has_14_prefectures_and_122_counties_each_under_its_prefecture() {
        assert_eq!(prefectures().count(), 14);
        assert_eq!(counties().count(), 122);
        let codes: BTreeSet<_> = HUNAN_REGIONS.iter().map(|region| region.code).collect();
        assert_eq!(codes.len(), 136, "a code stands twice");
        let names: BTreeSet<_> = prefectures()
            .chain(counties())
            .map(|region| region.name)
            .collect();
        assert_eq!(names.len(), 136, "a name stands twice");
        for county in counties() {
            assert_eq!(county.code.len(), 6);
            assert!(county.code.bytes().all(|byte| byte.is_ascii_digit()));
            let prefecture = format!("{}00", &county.code[..4]);
            assert!(
                prefectures().any(|region| region.code == prefecture),
                "{}",
                county.name
            );
        }
        assert!(prefectures().all(|region| region.code.starts_with(HUNAN)));
        assert_eq!(of_code("430104").map(|region| region.name), Some("岳麓区"));
    }

    #[test]
    fn provinces_are_34_and_abolished_codes_of_hunan_are_told_apart() {
        assert_eq!(PROVINCES.len(), 34);
        assert_eq!(province("43"), Some("湖南省"));
        assert_eq!(province("99"), None);
        for abolished in ["432831", "430221", "430122", "432601", "439900"] {
            assert!(is_unknown(abolished), "{abolished}");
        }
        assert!(!is_unknown("430721") && !is_unknown("110105"));
    }
}
