//! The steps of a run (D-34) and of a renewal (D-47), their order and the class of each. Does none of them.

use serde::{Deserialize, Serialize};

use super::journal::{KeyOrder, Making};

/// One step of making a ukey, each journalled on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Verify request and approval from the stored bytes (D-22).
    VerifyApproval,
    /// Find the ukey by maker, model and serial, and open it (D-24).
    Identify,
    /// Blank by its profile and in stock (D-29, D-30).
    CheckBlank,
    /// Make the new SO PIN and the user PIN, seal and store them (D-37).
    SealPins,
    /// `C_InitToken` with the current SO PIN and the run's label.
    InitToken,
    /// SO login, `C_SetPIN`: the new SO PIN.
    SetSoPin,
    /// `C_InitPIN`: the user PIN.
    InitUserPin,
    /// User login; the session stays open until the proof.
    LogIn,
    /// `C_GenerateKeyPair`.
    GenerateKeyPair,
    /// Read the key's attributes and its public part back (D-35).
    ReadAttributes,
    /// Build the PKCS #10 request and have the ukey sign it.
    MakeCsr,
    /// The ukey signs a nonce that verifies under the public key.
    ProvePossession,
    /// Ask the CA for the certificate and check every field of it (D-36, D-38).
    Issue,
    /// Write the certificate.
    WriteCertificate,
    /// Write the CA's chain where the profile has room.
    WriteChain,
    /// Read the certificate back, byte for byte, exactly one.
    ReadBack,
    /// The ukey signs a nonce that verifies under the certificate just read.
    ProveCertificate,
    /// Erase the run's secrets from the store.
    EraseSecrets,
    /// Record what the slip says.
    Slip,
    /// Recovery: find the ukey again and look at label, flags and objects, without login.
    Probe,
    /// Recovery: which SO PIN holds, the new or the old one (D-37's exception).
    FindSoPin,
    /// Recovery: after login, look at keys and certificates.
    Inventory,
    /// Recovery: remove this run's certificates from the ukey, to write them again.
    ClearCertificates,
    /// Renewal: the ukey is its holder's, its certificate counts, and it carries what the records say.
    CheckRenewal,
    /// Renewal: the old key pair and certificate are alone on the ukey, and the old key signs a nonce.
    ProveOld,
    /// Renewal: revoke the old certificate (superseded) in the store.
    RevokeOld,
    /// Renewal: destroy the old key pair and certificate on the ukey.
    DestroyOld,
    /// Renewal: nothing of the old is on the ukey any more.
    ProveGone,
    /// Renewal, recovery: destroy what this run itself has made on the ukey.
    ClearKeys,
}

/// What doing a step again costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepClass {
    /// Changes nothing outside the store.
    ReadOnly,
    /// Done twice it has the same effect as done once.
    Repeatable,
    /// Destroys what was on the ukey, or makes what may exist once only.
    Destructive,
    /// Spends a try of a PIN when the PIN is wrong.
    SpendsPinTry,
}

impl Step {
    /// The steps of a run without faults, in order (D-34).
    pub const ORDER: [Self; 19] = [
        Self::VerifyApproval,
        Self::Identify,
        Self::CheckBlank,
        Self::SealPins,
        Self::InitToken,
        Self::SetSoPin,
        Self::InitUserPin,
        Self::LogIn,
        Self::GenerateKeyPair,
        Self::ReadAttributes,
        Self::MakeCsr,
        Self::ProvePossession,
        Self::Issue,
        Self::WriteCertificate,
        Self::WriteChain,
        Self::ReadBack,
        Self::ProveCertificate,
        Self::EraseSecrets,
        Self::Slip,
    ];

    /// The steps of a renewal on the same ukey (D-47): the old certificate counts, and the old key is
    /// there, until the new one is proven.
    pub const RENEWAL: [Self; 18] = [
        Self::VerifyApproval,
        Self::Identify,
        Self::CheckRenewal,
        Self::LogIn,
        Self::ProveOld,
        Self::GenerateKeyPair,
        Self::ReadAttributes,
        Self::MakeCsr,
        Self::ProvePossession,
        Self::Issue,
        Self::WriteCertificate,
        Self::WriteChain,
        Self::ReadBack,
        Self::ProveCertificate,
        Self::RevokeOld,
        Self::DestroyOld,
        Self::ProveGone,
        Self::Slip,
    ];

    /// The same where the ukey has no room for two key pairs: the old one goes first. Its certificate is
    /// revoked once the new one is proven; until then nobody can sign under it.
    pub const RENEWAL_WITHOUT_ROOM: [Self; 18] = [
        Self::VerifyApproval,
        Self::Identify,
        Self::CheckRenewal,
        Self::LogIn,
        Self::ProveOld,
        Self::DestroyOld,
        Self::ProveGone,
        Self::GenerateKeyPair,
        Self::ReadAttributes,
        Self::MakeCsr,
        Self::ProvePossession,
        Self::Issue,
        Self::WriteCertificate,
        Self::WriteChain,
        Self::ReadBack,
        Self::ProveCertificate,
        Self::RevokeOld,
        Self::Slip,
    ];

    /// The steps of a renewal that a person gives up: the old key is alone on the ukey again, and works.
    pub const GIVING_UP: [Self; 2] = [Self::ClearKeys, Self::ProveOld];

    /// The steps that only recovery takes.
    pub const RECOVERY: [Self; 5] = [
        Self::Probe,
        Self::FindSoPin,
        Self::Inventory,
        Self::ClearCertificates,
        Self::ClearKeys,
    ];

    /// How many steps there are.
    pub const COUNT: usize = Self::ClearKeys as usize + 1;

    /// The steps of a run that makes this, without faults, in order.
    pub const fn order(making: Making) -> &'static [Self] {
        match making {
            Making::New => &Self::ORDER,
            Making::Renewal(KeyOrder::NewFirst) => &Self::RENEWAL,
            Making::Renewal(KeyOrder::OldFirst) => &Self::RENEWAL_WITHOUT_ROOM,
        }
    }

    /// What doing the step again costs: the one place that says so.
    pub const fn class(self) -> StepClass {
        match self {
            Self::VerifyApproval
            | Self::Identify
            | Self::CheckBlank
            | Self::ReadAttributes
            | Self::ProvePossession
            | Self::ReadBack
            | Self::ProveCertificate
            | Self::Probe
            | Self::Inventory
            | Self::CheckRenewal
            | Self::ProveOld
            | Self::ProveGone => StepClass::ReadOnly,
            // The store and the issuer give the same answer to the same question.
            Self::SealPins
            | Self::MakeCsr
            | Self::Issue
            | Self::WriteChain // Writes only those of the chain that are missing.
            | Self::EraseSecrets
            | Self::Slip
            | Self::ClearCertificates
            | Self::RevokeOld
            | Self::DestroyOld // What is gone is gone.
            | Self::ClearKeys => StepClass::Repeatable,
            // A second key pair or a second certificate is as wrong as a wiped one.
            Self::InitToken | Self::GenerateKeyPair | Self::WriteCertificate => {
                StepClass::Destructive
            }
            Self::SetSoPin | Self::InitUserPin | Self::LogIn | Self::FindSoPin => {
                StepClass::SpendsPinTry
            }
        }
    }

    /// Whether the step talks to the ukey, so that it may be pulled out meanwhile.
    pub const fn touches_ukey(self) -> bool {
        !matches!(
            self,
            Self::VerifyApproval
                | Self::SealPins
                | Self::Issue
                | Self::EraseSecrets
                | Self::Slip
                | Self::RevokeOld
        )
    }

    /// Whether the step is done only when it is known what is on the ukey: it talks to it, or decides
    /// about a key that has to be there.
    pub const fn asks_for_a_look(self) -> bool {
        self.touches_ukey() || matches!(self, Self::Issue | Self::RevokeOld)
    }

    /// The word of journal, JSON and command line, e.g. `generate-key-pair`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::VerifyApproval => "verify-approval",
            Self::Identify => "identify",
            Self::CheckBlank => "check-blank",
            Self::SealPins => "seal-pins",
            Self::InitToken => "init-token",
            Self::SetSoPin => "set-so-pin",
            Self::InitUserPin => "init-user-pin",
            Self::LogIn => "log-in",
            Self::GenerateKeyPair => "generate-key-pair",
            Self::ReadAttributes => "read-attributes",
            Self::MakeCsr => "make-csr",
            Self::ProvePossession => "prove-possession",
            Self::Issue => "issue",
            Self::WriteCertificate => "write-certificate",
            Self::WriteChain => "write-chain",
            Self::ReadBack => "read-back",
            Self::ProveCertificate => "prove-certificate",
            Self::EraseSecrets => "erase-secrets",
            Self::Slip => "slip",
            Self::Probe => "probe",
            Self::FindSoPin => "find-so-pin",
            Self::Inventory => "inventory",
            Self::ClearCertificates => "clear-certificates",
            Self::CheckRenewal => "check-renewal",
            Self::ProveOld => "prove-old",
            Self::RevokeOld => "revoke-old",
            Self::DestroyOld => "destroy-old",
            Self::ProveGone => "prove-gone",
            Self::ClearKeys => "clear-keys",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_what_serde_writes() {
        let steps = Step::ORDER.into_iter().chain(Step::RECOVERY);
        for step in steps.chain(Step::RENEWAL).chain(Step::GIVING_UP) {
            assert_eq!(
                serde_json::to_string(&step).unwrap(),
                format!("\"{}\"", step.word())
            );
        }
    }
}
