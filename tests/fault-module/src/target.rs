//! Which tokens are meant: holders' ukeys, never the CA's and the officers' own.

/// Whether the module drives a ukey of a holder: its file lies in a folder `ukeys`. With
/// `FAULT_ONLY=text` only one whose path holds that text.
pub(crate) fn is_meant() -> bool {
    let only = std::env::var("FAULT_ONLY").unwrap_or_default();
    ["SOFTHSM2_CONF", "KRYOPTIC_CONF"].into_iter().any(|name| {
        std::env::var(name).is_ok_and(|conf| conf.contains("/ukeys/") && conf.contains(&only))
    })
}
