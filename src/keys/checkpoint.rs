//! `VerifiedCheckpoint`: evidence that an officer of a unit signed how far a log had come (D-49,
//! D-57). What nobody has verified is told apart by its type.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier};
use der::asn1::OctetString;
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;

use super::signature::{self, NotVerified, Verified};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::officer::Post;

/// Longest chain that is followed: an officer, and a unit on each level up to the root.
const CHAIN_MAX: usize = 8;

/// A checkpoint read from a file, with the certificates that came along. Its signature was not
/// looked at: good for seeing whose it claims to be, for nothing else.
#[derive(Debug)]
pub struct ClaimedCheckpoint {
    cms: Vec<u8>,
    chain: Vec<Vec<u8>>,
    checkpoint: Checkpoint,
}

/// A checkpoint whose signature leads to the pinned root.
#[derive(Debug)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    chain: Vec<Vec<u8>>,
}

impl ClaimedCheckpoint {
    /// Reads CMS `SignedData` with a checkpoint and the signer's chain inside.
    ///
    /// # Errors
    /// [`NotVerified::Damaged`] or [`NotVerified::Record`].
    pub fn read(cms: &[u8]) -> Result<Self, NotVerified> {
        let (content, chain) = enclosed(cms)?;
        let checkpoint = Checkpoint::parse(&content)
            .ok_or(NotVerified::Record("not a checkpoint in canonical form"))?;
        Ok(Self {
            cms: cms.to_vec(),
            chain,
            checkpoint,
        })
    }

    /// What it claims.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Verifies it with the chain that came along.
    ///
    /// # Errors
    /// [`NotVerified`].
    pub fn verify(self, own: &OwnUnit<'_>) -> Result<VerifiedCheckpoint, NotVerified> {
        VerifiedCheckpoint::verify(&self.cms, &self.chain, own)
    }
}

/// The unit whose log a checkpoint is of.
#[derive(Clone, Copy, Debug)]
pub struct OwnUnit<'a> {
    /// Its code.
    pub code: &'a str,
    /// The pinned root, DER.
    pub root: &'a [u8],
    /// The revocation lists that this home knows, DER.
    pub crls: &'a [Vec<u8>],
}

impl VerifiedCheckpoint {
    /// Verifies signature, chain (at the time the checkpoint says), the signer's unit and post.
    ///
    /// # Errors
    /// [`NotVerified`].
    pub fn verify(cms: &[u8], chain: &[Vec<u8>], own: &OwnUnit<'_>) -> Result<Self, NotVerified> {
        let claimed = ClaimedCheckpoint::read(cms)?.checkpoint;
        let Verified {
            content, signer, ..
        } = signature::verify(cms, chain, own.root, claimed.time, own.crls)?;
        let refuse = |text| Err(NotVerified::Record(text));
        if signer.unit_code != own.code {
            // Any unit under the root has officers; of this log only its own may speak.
            return refuse("the signer is another unit's");
        }
        let Some(checkpoint) = Checkpoint::parse(&content).filter(|same| *same == claimed) else {
            return refuse("not a checkpoint in canonical form");
        };
        if !matches!(checkpoint.post, Post::Auditor | Post::Security) {
            return refuse("the signer's post may not sign checkpoints");
        }
        if (signer.post, &signer.name) != (checkpoint.post, &checkpoint.officer) {
            return refuse("the signer's certificate is another officer's, or for another post");
        }
        Ok(Self {
            checkpoint,
            chain: chain.to_vec(),
        })
    }

    /// What was signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signer's certificate, then each issuer up to the root, DER.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

/// The content, and the signer's certificate with its issuers, as far as they came along.
fn enclosed(cms: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>), NotVerified> {
    let damaged = NotVerified::Damaged;
    let outer = ContentInfo::from_der(cms).map_err(|_der| damaged("not a CMS message"))?;
    let data: SignedData = outer
        .content
        .decode_as()
        .map_err(|_der| damaged("not SignedData"))?;
    let content = data.encap_content_info.econtent.as_ref();
    let content: OctetString = content
        .ok_or_else(|| damaged("the content is not inside"))?
        .decode_as()
        .map_err(|_der| damaged("the content is damaged"))?;
    let signer = data.signer_infos.0.as_slice().first();
    let signer = signer.ok_or_else(|| damaged("not exactly one signer"))?;
    let SignerIdentifier::IssuerAndSerialNumber(named) = &signer.sid else {
        return Err(damaged("another certificate signed it"));
    };
    let certificates: Vec<Certificate> = data
        .certificates
        .iter()
        .flat_map(|set| set.0.iter())
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
            CertificateChoices::Other(_) => None,
        })
        .collect();
    let mut next = certificates.iter().find(|certificate| {
        let tbs = &certificate.tbs_certificate;
        tbs.issuer == named.issuer && tbs.serial_number == named.serial_number
    });
    let mut chain = Vec::new();
    while let Some(certificate) = next.filter(|_more| chain.len() < CHAIN_MAX) {
        let der = certificate.to_der();
        chain.push(der.map_err(|_der| damaged("a certificate is damaged"))?);
        let tbs = &certificate.tbs_certificate;
        next = certificates.iter().find(|issuer| {
            tbs.issuer != tbs.subject && issuer.tbs_certificate.subject == tbs.issuer
        });
    }
    Ok((content.into_bytes(), chain))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::unit_pki::tests::{Chain, now};
    use super::*;
    use crate::domain::checkpoint::LogPosition;
    use crate::domain::id::{HomeId, InstanceId};
    use crate::domain::officer::OfficerName;

    fn signed(certified: Post, claimed: Post) -> (Vec<u8>, Vec<Vec<u8>>, Checkpoint) {
        let Chain { key, chain, .. } = Chain::of_school(certified);
        let position = LogPosition {
            home: HomeId::new(Uuid::from_u128(1)),
            instance: InstanceId::new(Uuid::from_u128(2)),
            epoch: 1,
            count: 7,
            head: [9; 32],
        };
        let name = OfficerName::parse(claimed.word()).unwrap();
        let checkpoint = Checkpoint::new(&position, &name, claimed, now());
        let bytes = checkpoint.canonical().unwrap();
        let cms = signature::sign(&bytes, &chain, &mut |message| key.sign(message));
        (cms.unwrap(), chain, checkpoint)
    }

    /// The school of [`Chain::of_school`], under this root.
    fn school(root: &[u8]) -> OwnUnit<'_> {
        OwnUnit {
            code: "2143000001",
            root,
            crls: &[],
        }
    }

    #[test]
    fn a_file_carries_all_that_is_needed_to_verify_it() {
        for post in [Post::Security, Post::Auditor] {
            let (cms, chain, checkpoint) = signed(post, post);
            let claimed = ClaimedCheckpoint::read(&cms).unwrap();
            assert_eq!(*claimed.checkpoint(), checkpoint);
            let verified = claimed.verify(&school(chain.last().unwrap())).unwrap();
            assert_eq!(*verified.checkpoint(), checkpoint);
            assert_eq!(verified.chain(), chain);
        }
    }

    #[test]
    fn another_root_another_post_and_a_changed_byte_are_refused() {
        let (cms, chain, _checkpoint) = signed(Post::Auditor, Post::Auditor);
        let root = chain.last().unwrap();
        let other = Chain::of_school(Post::Auditor).chain;
        let read =
            |cms: &[u8]| ClaimedCheckpoint::read(cms).and_then(|claim| claim.verify(&school(root)));
        let strange = ClaimedCheckpoint::read(&cms)
            .unwrap()
            .verify(&school(other.last().unwrap()));
        assert!(matches!(strange, Err(NotVerified::Chain(_))), "{strange:?}");
        for (certified, claimed) in [
            (Post::System, Post::System),
            (Post::System, Post::Auditor),
            (Post::Security, Post::Auditor),
        ] {
            let (cms, chain, _checkpoint) = signed(certified, claimed);
            let refused = ClaimedCheckpoint::read(&cms)
                .unwrap()
                .verify(&school(chain.last().unwrap()));
            assert!(
                matches!(refused, Err(NotVerified::Record(_))),
                "{refused:?}"
            );
        }
        let county = OwnUnit {
            code: "124300004448800102",
            ..school(root)
        };
        let refused = ClaimedCheckpoint::read(&cms).unwrap().verify(&county);
        assert!(
            matches!(refused, Err(NotVerified::Record(_))),
            "{refused:?}"
        );
        let digits = cms
            .windows(9)
            .position(|part| part == b"\"count\":7")
            .unwrap();
        let mut changed = cms.clone();
        changed[digits + 8] = b'8';
        assert!(matches!(read(&changed), Err(NotVerified::Signature)));
        assert!(read(&cms).is_ok());
        assert!(read(&cms[..cms.len() - 1]).is_err());
        assert!(read(b"").is_err());
    }
}
