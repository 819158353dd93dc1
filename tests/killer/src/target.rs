//! Which tokens are meant: holders' ukeys, never the CA's and the officers' own.

/// Whether the module drives a ukey of a holder: its file lies in a folder `ukeys`. With
/// `KILLER_ONLY=text` only one whose path holds that text.
pub(crate) fn is_meant() -> bool {
    let only = std::env::var("KILLER_ONLY").unwrap_or_default();
    ["SOFTHSM2_CONF", "KRYOPTIC_CONF"].into_iter().any(|name| {
        std::env::var(name).is_ok_and(|conf| conf.contains("/ukeys/") && conf.contains(&only))
    })
}

/// Whether `variable` names this function and, behind a colon, this phase.
pub(crate) fn names(variable: &str, function: usize, phase: &str) -> bool {
    let Ok(text) = std::env::var(variable) else {
        return false;
    };
    let (name, when) = text.split_once(':').unwrap_or((&text, "before"));
    crate::functions::NAMES[function] == name && when == phase && is_meant()
}
