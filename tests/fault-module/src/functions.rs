//! The functions of `CK_FUNCTION_LIST` (PKCS#11 2.40), in order, by name.

/// How many there are.
pub(crate) const COUNT: usize = 68;
/// `C_GetFunctionList` itself.
pub(crate) const GET_FUNCTION_LIST: usize = 3;
pub(crate) const GET_SLOT_LIST: usize = 4;
pub(crate) const GET_SLOT_INFO: usize = 5;
pub(crate) const GET_TOKEN_INFO: usize = 6;
pub(crate) const GET_MECHANISM_LIST: usize = 7;
pub(crate) const INIT_TOKEN: usize = 9;
pub(crate) const SET_PIN: usize = 11;
pub(crate) const OPEN_SESSION: usize = 12;
pub(crate) const LOGIN: usize = 18;
pub(crate) const CREATE_OBJECT: usize = 20;
pub(crate) const GET_ATTRIBUTE_VALUE: usize = 24;
pub(crate) const FIND_OBJECTS: usize = 27;
pub(crate) const SIGN: usize = 43;
pub(crate) const GENERATE_KEY_PAIR: usize = 59;

/// Their names; the place is the number that `FAULT_CALLS` holds.
#[rustfmt::skip]
pub(crate) const NAMES: [&str; COUNT] = [
    "C_Initialize", "C_Finalize", "C_GetInfo", "C_GetFunctionList", "C_GetSlotList",
    "C_GetSlotInfo", "C_GetTokenInfo", "C_GetMechanismList", "C_GetMechanismInfo", "C_InitToken",
    "C_InitPIN", "C_SetPIN", "C_OpenSession", "C_CloseSession", "C_CloseAllSessions",
    "C_GetSessionInfo", "C_GetOperationState", "C_SetOperationState", "C_Login", "C_Logout",
    "C_CreateObject", "C_CopyObject", "C_DestroyObject", "C_GetObjectSize", "C_GetAttributeValue",
    "C_SetAttributeValue", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal",
    "C_EncryptInit", "C_Encrypt", "C_EncryptUpdate", "C_EncryptFinal", "C_DecryptInit",
    "C_Decrypt", "C_DecryptUpdate", "C_DecryptFinal", "C_DigestInit", "C_Digest",
    "C_DigestUpdate", "C_DigestKey", "C_DigestFinal", "C_SignInit", "C_Sign", "C_SignUpdate",
    "C_SignFinal", "C_SignRecoverInit", "C_SignRecover", "C_VerifyInit", "C_Verify",
    "C_VerifyUpdate", "C_VerifyFinal", "C_VerifyRecoverInit", "C_VerifyRecover",
    "C_DigestEncryptUpdate", "C_DecryptDigestUpdate", "C_SignEncryptUpdate",
    "C_DecryptVerifyUpdate", "C_GenerateKey", "C_GenerateKeyPair", "C_WrapKey", "C_UnwrapKey",
    "C_DeriveKey", "C_SeedRandom", "C_GenerateRandom", "C_GetFunctionStatus", "C_CancelFunction",
    "C_WaitForSlotEvent",
];
