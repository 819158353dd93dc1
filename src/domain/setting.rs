//! The settings of a home that people may change: name, rule, default and what each may be.

use time::Date;
use time::macros::format_description;

use super::destination::Destination;
use super::text::is_hidden;

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A day, e.g. 2026-11-24, or nothing.
    Day,
    /// At most so many characters, none invisible; or nothing.
    Text(usize),
    /// Folders and addresses, `;` between them; or nothing.
    Destinations,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, which is also that in the store.
    pub name: &'static str,
    /// The rule of domain.md.
    pub rule: &'static str,
    /// Its value where nothing is set.
    pub default: &'static str,
    /// What it may be.
    pub range: Range,
}

/// A value that a setting may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is out of the setting's range")]
pub struct NotInRange;

/// How many days an approval holds.
pub const APPROVAL_DAYS: Setting = Setting {
    name: "approval_days",
    rule: "D-21",
    default: "30",
    range: Range::Whole(1, 366),
};

/// After how many minutes without any input the window locks.
pub const IDLE_LOCK_MINUTES: Setting = Setting {
    name: "idle_lock_minutes",
    rule: "D-58",
    default: "10",
    range: Range::Whole(1, 120),
};

/// Where the list of revoked certificates is published.
pub const CRL_DESTINATIONS: Setting = Setting {
    name: "crl_destinations",
    rule: "D-41",
    default: "",
    range: Range::Destinations,
};

/// The last day of the roll-out on which people apply.
pub const APPLY_BY: Setting = Setting {
    name: "deadline_apply_by",
    rule: "D-5",
    default: "",
    range: Range::Day,
};

/// The day from which everybody needs a certificate: the roll-out's end.
pub const MANDATORY_FROM: Setting = Setting {
    name: "deadline_mandatory_from",
    rule: "D-5",
    default: "",
    range: Range::Day,
};

/// How many percent more blanks than needed are kept.
pub const SPARE_PERCENT: Setting = Setting {
    name: "spare_percent",
    rule: "D-33",
    default: "10",
    range: Range::Whole(0, 100),
};

/// Every setting, in the order of their names.
pub const SETTINGS: [Setting; 8] = [
    APPROVAL_DAYS,
    Setting {
        name: "assistant_address",
        rule: "D-59",
        default: "",
        range: Range::Text(200),
    },
    CRL_DESTINATIONS,
    APPLY_BY,
    MANDATORY_FROM,
    Setting {
        name: "hotline",
        rule: "D-59",
        default: "",
        range: Range::Text(64),
    },
    IDLE_LOCK_MINUTES,
    SPARE_PERCENT,
];

impl Setting {
    /// The setting of a name.
    pub fn named(name: &str) -> Option<Self> {
        SETTINGS.into_iter().find(|setting| setting.name == name)
    }

    /// Takes a value as it is typed, trimmed, and gives it as it is kept.
    ///
    /// # Errors
    /// [`NotInRange`].
    pub fn check(&self, typed: &str) -> Result<String, NotInRange> {
        let typed = typed.trim();
        match self.range {
            Range::Whole(least, most) => {
                let number: i64 = typed.parse().map_err(|_no_number| NotInRange)?;
                let fits = (least..=most).contains(&number);
                fits.then(|| number.to_string()).ok_or(NotInRange)
            }
            Range::Day if typed.is_empty() => Ok(String::new()),
            Range::Day => Date::parse(typed, format_description!("[year]-[month]-[day]"))
                .map(|day| day.to_string())
                .map_err(|_no_day| NotInRange),
            Range::Destinations => {
                let list = Destination::list(typed).map_err(|_no_destination| NotInRange)?;
                let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
                Ok(texts.join("; "))
            }
            Range::Text(most) => {
                let fits = typed.chars().count() <= most && !typed.chars().any(is_hidden);
                fits.then(|| typed.to_owned()).ok_or(NotInRange)
            }
        }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(least, most) => write!(f, "{least}..{most}"),
            Self::Day => f.write_str("YYYY-MM-DD"),
            Self::Destinations => f.write_str("/DIR; http(s)://HOST/PATH; …"),
            Self::Text(most) => write!(f, "0..{most} characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_names_stand_once_in_order() {
        for setting in SETTINGS {
            assert_eq!(setting.check(setting.default).unwrap(), setting.default);
            assert_eq!(Setting::named(setting.name), Some(setting));
        }
        assert!(SETTINGS.is_sorted_by(|one, next| one.name < next.name));
        assert_eq!(Setting::named("person_key"), None);
    }

    #[test]
    fn values_are_trimmed_and_what_is_out_of_range_is_refused() {
        let check = |name: &str, value: &str| Setting::named(name).unwrap().check(value);
        assert_eq!(check("approval_days", " 007 ").unwrap(), "7");
        assert_eq!(
            check("deadline_apply_by", "2026-12-31").unwrap(),
            "2026-12-31"
        );
        assert_eq!(check("hotline", " 0731-1 ").unwrap(), "0731-1");
        let places = "/srv/web;http://a.example.cn";
        assert_eq!(
            check("crl_destinations", places).unwrap(),
            "/srv/web; http://a.example.cn/unit.crl"
        );
        assert_eq!(check("idle_lock_minutes", "1").unwrap(), "1");
        assert_eq!(check("idle_lock_minutes", "120").unwrap(), "120");
        for (name, value) in [
            ("approval_days", "0"),
            ("approval_days", "367"),
            ("approval_days", ""),
            ("approval_days", "1.5"),
            ("crl_destinations", "web"),
            ("crl_destinations", "ftp://a.example.cn/"),
            ("deadline_apply_by", "2026-02-30"),
            ("deadline_apply_by", "31.12.2026"),
            ("hotline", "a\u{200b}b"),
            ("hotline", &"1".repeat(65)),
            ("idle_lock_minutes", "0"),
            ("idle_lock_minutes", "121"),
            ("idle_lock_minutes", ""),
        ] {
            assert_eq!(check(name, value), Err(NotInRange), "{name} {value}");
        }
    }
}
