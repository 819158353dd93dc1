//! The pages of the window: what the rail leads to.

/// The pages of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Today,
    Requests,
    Make,
    Stock,
    Check,
    Certificates,
    Travel,
    Loss,
    Audit,
    Settings,
    Help,
}

impl Page {
    pub(super) const ALL: [Self; 11] = [
        Self::Today,
        Self::Requests,
        Self::Make,
        Self::Stock,
        Self::Check,
        Self::Certificates,
        Self::Loss,
        Self::Travel,
        Self::Audit,
        Self::Settings,
        Self::Help,
    ];

    /// Key of its word: rail entry and heading have the same.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Today => "page-today",
            Self::Requests => "page-requests",
            Self::Make => "page-make",
            Self::Stock => "page-stock",
            Self::Check => "page-check",
            Self::Certificates => "page-certificates",
            Self::Travel => "page-travel",
            Self::Loss => "page-loss",
            Self::Audit => "page-audit",
            Self::Settings => "page-settings",
            Self::Help => "page-help",
        }
    }

    /// Its shape in the rail.
    pub(super) const fn shape(self) -> &'static str {
        match self {
            Self::Today => "◎",
            Self::Requests => "◇",
            Self::Make => "◐",
            Self::Stock => "☰",
            Self::Check => "✓",
            Self::Certificates => "▤",
            Self::Travel => "⇄",
            Self::Loss => "‖",
            Self::Audit => "≡",
            Self::Settings => "⚙",
            Self::Help => "?",
        }
    }
}
