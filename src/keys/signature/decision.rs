//! Decisions about requests (D-22): who signed them, what they say, and whether an approval still holds.

use sha2::{Digest as _, Sha256};

use super::{Message, NotVerified, Verified, VerifiedCarried, verify, verify_carried};
use crate::domain::approval::{ApprovalRecord, Decision};
use crate::domain::id::RequestId;
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::keys::unit_pki::{PkiError, Signer};

/// How long a decision stands once the certificate it was made under was replaced, in days: as long as
/// an approval usually lasts (D-21).
const REPLACED_DAYS: i64 = 30;

/// Evidence that an officer whose certificate leads to the pinned root decided this about a request.
/// Whether their unit may, the caller compares.
#[derive(Debug)]
pub struct VerifiedDecision {
    record: ApprovalRecord,
    signer: Signer,
}

impl VerifiedDecision {
    /// Verifies the bytes of a decision about `request` in this revision, now.
    ///
    /// # Errors
    /// [`NotVerified`] when signature, chain, post, request or revision do not hold.
    pub fn verify(
        cms: &[u8],
        chain: &[Vec<u8>],
        pinned_root: &[u8],
        about: (RequestId, u32),
        now: Timestamp,
        crls: &[Vec<u8>],
    ) -> Result<Self, NotVerified> {
        let verified = match verify(cms, chain, pinned_root, now, crls) {
            Err(NotVerified::Chain(PkiError::Superseded)) => {
                let then = decided_at(cms, now)?;
                verify(cms, chain, pinned_root, then, crls)?
            }
            verified => verified?,
        };
        Self::judge(verified, chain, about)
    }

    /// As [`Self::verify`], by the chain that the decision carries; gives that chain too.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_carried(
        cms: &[u8],
        pinned_root: &[u8],
        about: (RequestId, u32),
        now: Timestamp,
        crls: &[Vec<u8>],
    ) -> Result<(Self, Vec<Vec<u8>>), NotVerified> {
        let verified = match verify_carried(cms, pinned_root, now, crls) {
            Err(NotVerified::Chain(PkiError::Superseded)) => {
                verify_carried(cms, pinned_root, decided_at(cms, now)?, crls)?
            }
            verified => verified?,
        };
        let VerifiedCarried {
            content,
            signer,
            chain,
            ..
        } = verified;
        let decision = Self::judge(Verified { content, signer }, &chain, about)?;
        Ok((decision, chain))
    }

    fn judge(
        Verified { content, signer }: Verified,
        chain: &[Vec<u8>],
        (request, revision): (RequestId, u32),
    ) -> Result<Self, NotVerified> {
        let refuse = |text| Err(NotVerified::Record(text));
        let Some(record) = ApprovalRecord::parse(&content) else {
            return refuse("not an approval record in canonical form");
        };
        if record.request != request || record.revision != revision {
            return refuse("it is about another request or revision");
        }
        if record.post != Post::Security || signer.post != Post::Security {
            return refuse("the signer's post may not approve");
        }
        let own: Option<[u8; 32]> = chain.first().map(|der| Sha256::digest(der).into());
        if own != Some(record.approver_certificate) {
            return refuse("it names another approver's certificate");
        }
        Ok(Self { record, signer })
    }

    /// What was decided.
    pub const fn record(&self) -> &ApprovalRecord {
        &self.record
    }

    /// Who decided it.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// As an approval that has not ended.
    ///
    /// # Errors
    /// [`NotVerified::Record`] for a return or rejection, [`NotVerified::Expired`].
    pub fn approval(self, now: Timestamp) -> Result<VerifiedApproval, NotVerified> {
        if self.record.decision != Decision::Approved {
            return Err(NotVerified::Record("it does not approve"));
        }
        if self.record.expires < now {
            return Err(NotVerified::Expired);
        }
        Ok(VerifiedApproval(self))
    }
}

/// When a decision says that it was made. An officer who was given another certificate is trusted as
/// before, so what they had decided under the one before stands; for a while only, since who has the
/// key before could date back.
fn decided_at(cms: &[u8], now: Timestamp) -> Result<Timestamp, NotVerified> {
    let content = Message::parse(cms)?.content;
    let record = ApprovalRecord::parse(&content);
    let time = record.map(|record| record.time);
    time.filter(|time| (now.plus_days(-REPLACED_DAYS)..=now).contains(time))
        .ok_or(NotVerified::Chain(PkiError::Superseded))
}

/// Evidence that this record was approved by an officer whose certificate leads to the pinned root.
#[derive(Debug)]
pub struct VerifiedApproval(VerifiedDecision);

impl VerifiedApproval {
    /// Verifies the stored bytes of an approval of `request` in this revision, now.
    ///
    /// # Errors
    /// [`NotVerified`] when signature, chain, post, decision, request, revision or dates do not
    /// hold.
    pub fn verify(
        cms: &[u8],
        chain: &[Vec<u8>],
        pinned_root: &[u8],
        about: (RequestId, u32),
        now: Timestamp,
        crls: &[Vec<u8>],
    ) -> Result<Self, NotVerified> {
        VerifiedDecision::verify(cms, chain, pinned_root, about, now, crls)?.approval(now)
    }

    /// What was approved.
    pub const fn record(&self) -> &ApprovalRecord {
        &self.0.record
    }

    /// Who approved it: whether their unit may, the caller compares.
    pub const fn signer(&self) -> &Signer {
        &self.0.signer
    }
}
