//! `FAULT_SLOW=scale`: a real ukey's pace times `scale`: 8 s for a key pair, 0.3 s for a signature, 0.5 s
//! for an object that is written. `FAULT_SLOW_LOOK`: the milliseconds of each `C_GetTokenInfo`.

use std::time::Duration;

use crate::functions::{CREATE_OBJECT, GENERATE_KEY_PAIR, GET_TOKEN_INFO, SIGN};
use crate::target;

/// Waits as long as a real ukey takes.
pub(crate) fn wait(function: usize) {
    if function == GET_TOKEN_INFO
        && let Ok(text) = std::env::var("FAULT_SLOW_LOOK")
        && let Ok(millis) = text.parse()
        && target::is_meant()
    {
        std::thread::sleep(Duration::from_millis(millis));
    }
    let seconds = match function {
        GENERATE_KEY_PAIR => 8.0,
        SIGN => 0.3,
        CREATE_OBJECT => 0.5,
        _ => return,
    };
    let scale = std::env::var("FAULT_SLOW").ok();
    if let Some(scale) = scale.and_then(|text| text.parse::<f64>().ok())
        && target::is_meant()
    {
        std::thread::sleep(Duration::from_secs_f64(seconds * scale));
    }
}
