//! Answers that are not true: what a function wrote is altered, or a byte of it is missing.

use std::ffi::c_ulong;

use crate::functions::{
    CREATE_OBJECT, FIND_OBJECTS, GENERATE_KEY_PAIR, GET_ATTRIBUTE_VALUE, GET_MECHANISM_LIST,
    GET_SLOT_LIST, GET_TOKEN_INFO, OPEN_SESSION, SIGN,
};
use crate::token_info;

/// `CK_ATTRIBUTE`.
#[repr(C)]
struct Attribute {
    kind: c_ulong,
    value: *mut u8,
    length: c_ulong,
}

/// `CK_UNAVAILABLE_INFORMATION`.
const UNAVAILABLE: c_ulong = c_ulong::MAX;

/// Alters what the function has answered; one without an answer is left as it is.
///
/// # Safety
/// `arguments` are those of a call that succeeded.
pub(crate) unsafe fn alter(function: usize, arguments: &[usize]) {
    // SAFETY: where PKCS#11 has a pointer to what was filled, it is not null, or it is looked at.
    unsafe {
        match function {
            GET_SLOT_LIST | GET_MECHANISM_LIST => write(arguments[2], |count| *count = 0),
            GET_TOKEN_INFO => token_info::swap(arguments[1]),
            OPEN_SESSION => write(arguments[4], |handle| *handle += 1),
            CREATE_OBJECT => write(arguments[3], |handle| *handle += 1),
            FIND_OBJECTS => write(arguments[3], |count| *count = 0),
            GET_ATTRIBUTE_VALUE => each(arguments, |attribute| {
                // The last octet: past the header of what is encoded.
                let last = attribute.value.add(attribute.length as usize - 1);
                *last ^= 1;
            }),
            SIGN if arguments[3] != 0 => *(arguments[3] as *mut u8) ^= 1,
            GENERATE_KEY_PAIR => {
                let (public, private) = (arguments[6], arguments[7]);
                let (public, private) = (public as *mut c_ulong, private as *mut c_ulong);
                std::ptr::swap(public, private);
            }
            _ => {}
        }
    }
}

/// Takes a byte off what the function has answered, or one of the things it counted.
///
/// # Safety
/// As [`alter`].
pub(crate) unsafe fn shorten(function: usize, arguments: &[usize]) {
    // SAFETY: as above.
    unsafe {
        match function {
            GET_ATTRIBUTE_VALUE => each(arguments, |attribute| attribute.length -= 1),
            SIGN if arguments[3] != 0 => write(arguments[4], |length| *length -= 1),
            GET_SLOT_LIST | GET_MECHANISM_LIST => write(arguments[2], one_less),
            FIND_OBJECTS => write(arguments[3], one_less),
            _ => {}
        }
    }
}

fn one_less(count: &mut c_ulong) {
    *count = count.saturating_sub(1);
}

unsafe fn write(pointer: usize, change: impl FnOnce(&mut c_ulong)) {
    // SAFETY: the caller's pointer, as PKCS#11 says.
    if let Some(value) = unsafe { (pointer as *mut c_ulong).as_mut() } {
        change(value);
    }
}

unsafe fn each(arguments: &[usize], change: impl Fn(&mut Attribute)) {
    let (template, count) = (arguments[2] as *mut Attribute, arguments[3]);
    // SAFETY: the caller's template.
    for attribute in unsafe { std::slice::from_raw_parts_mut(template, count) } {
        let filled = !attribute.value.is_null() && attribute.length != UNAVAILABLE;
        if filled && attribute.length > 0 {
            change(attribute);
        }
    }
}
