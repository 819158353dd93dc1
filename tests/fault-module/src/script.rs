//! `FAULT_AT`: which fault at which call. A list `WHERE:KIND,…`; WHERE is a call's place in the whole run
//! (`17`, with `FAULT_CALLS`), a function (`C_Sign`: each of its calls) or one call of it in this process
//! (`C_Sign#2`).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::Fault;
use crate::{calls, functions, target};

static SEEN: [AtomicU64; functions::COUNT] = [const { AtomicU64::new(0) }; functions::COUNT];

/// The fault of this call, the `place`th of the run.
pub(crate) fn at(function: usize, place: u64) -> Option<Fault> {
    if !target::is_meant() {
        return None;
    }
    let seen = SEEN[function].fetch_add(1, Ordering::Relaxed) + 1;
    let script = std::env::var("FAULT_AT").ok()?;
    let fault = script.split(',').find_map(|line| {
        let (at, kind) = line.split_once(':')?;
        is_here(at, function, (place, seen)).then(|| Fault::parse(kind))
    });
    if fault.is_some() {
        calls::fired();
    }
    fault
}

fn is_here(at: &str, function: usize, (place, seen): (u64, u64)) -> bool {
    if let Ok(wanted) = at.parse::<u64>() {
        return place > 0 && wanted == place;
    }
    let (name, number) = at.split_once('#').unwrap_or((at, ""));
    let wanted = number.parse::<u64>().ok();
    functions::NAMES[function] == name && wanted.is_none_or(|wanted| wanted == seen)
}
