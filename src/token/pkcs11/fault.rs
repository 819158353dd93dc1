//! From cryptoki's errors to [`Fault`]: the one table.

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError};

use crate::domain::fault::{Fault, FaultKind};

/// What an error of the module means.
pub(super) fn from_error(error: &Error) -> Fault {
    match error {
        Error::Pkcs11(rv, function) => {
            Fault::new(kind(rv)).with_ckr(function_name(*function), ckr_name(rv))
        }
        Error::LibraryLoading(_) | Error::NullFunctionPointer | Error::MissingSymbol(_) => {
            Fault::new(FaultKind::ModuleUnusable).with_detail(error.to_string())
        }
        Error::NotSupported => Fault::new(FaultKind::Unsupported).with_detail(error.to_string()),
        _ => Fault::new(FaultKind::WrongAnswer).with_detail(error.to_string()),
    }
}

fn kind(rv: &RvError) -> FaultKind {
    match rv {
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::SlotIdInvalid
        | RvError::SessionHandleInvalid => FaultKind::Removed,
        RvError::TokenNotRecognized => FaultKind::Unreadable,
        RvError::PinIncorrect => FaultKind::PinIncorrect,
        RvError::PinLocked => FaultKind::PinLocked,
        RvError::PinInvalid | RvError::PinLenRange | RvError::PinTooWeak => FaultKind::PinRefused,
        RvError::DeviceMemory => FaultKind::NoRoom,
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::FunctionNotSupported
        | RvError::AttributeTypeInvalid
        | RvError::TemplateInconsistent
        | RvError::CurveNotSupported => FaultKind::Unsupported,
        _ => FaultKind::Device,
    }
}

/// `Login` as `C_Login`.
fn function_name(function: Function) -> String {
    format!("C_{function:?}")
}

/// `PinIncorrect` as `CKR_PIN_INCORRECT`.
fn ckr_name(rv: &RvError) -> String {
    if let RvError::VendorDefined(code) = rv {
        return format!("CKR_VENDOR_DEFINED+0x{code:x}");
    }
    let mut name = "CKR".to_owned();
    for character in format!("{rv:?}").chars() {
        if character.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_and_return_value_keep_their_pkcs11_names() {
        let fault = from_error(&Error::Pkcs11(RvError::PinIncorrect, Function::Login));
        assert_eq!(
            fault.to_string(),
            "pin-incorrect in C_Login CKR_PIN_INCORRECT"
        );
        let fault = from_error(&Error::Pkcs11(RvError::DeviceError, Function::InitToken));
        assert_eq!(
            fault.to_string(),
            "device-error in C_InitToken CKR_DEVICE_ERROR"
        );
    }
}
