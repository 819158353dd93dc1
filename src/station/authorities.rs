//! The generations of the CA that certifies holders (D-60): the present one signs certificates, those before
//! sign their lists until the last certificate of theirs has ended.

use super::desk::Desk;
use super::error::Error;
use crate::domain::certificate::Generation;
use crate::domain::timestamp::Timestamp;
use crate::issuing::authority::Authority;
use crate::issuing::crl::{self, CheckedCrl};

/// One generation of the CA.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// Which.
    pub(super) generation: Generation,
    /// Its certificate.
    pub(super) authority: Authority,
    /// The certificates above it up to the root, DER.
    pub(super) chain: Vec<Vec<u8>>,
    /// When it ended, as far as it has.
    pub(super) former: Option<Former>,
}

/// What is left to do for a CA that signs no more certificates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Former {
    /// When the last certificate that it signed ends.
    pub(super) last_leaf: Timestamp,
    /// thisUpdate of its newest list.
    pub(super) last_list: Option<Timestamp>,
}

impl Issuer {
    /// Whether it still signs lists: until one is made after its last certificate has ended (D-43).
    pub(super) fn signs_lists(&self) -> bool {
        self.former
            .is_none_or(|former| former.last_list.is_none_or(|last| last <= former.last_leaf))
    }
}

impl Desk {
    /// The CA that signs certificates now.
    ///
    /// # Errors
    /// `ca-not-certified` while it has no certificate.
    pub(super) fn issuer(&self) -> Result<Issuer, Error> {
        let generation = self.store().read().ca_generation()?; // The lock ends here.
        Ok(Issuer {
            generation,
            authority: self.authority()?,
            chain: self.ca_chain()?,
            former: None,
        })
    }

    /// The present CA and those before, the newest first.
    ///
    /// # Errors
    /// As [`Self::issuer`].
    pub(super) fn issuers(&self) -> Result<Vec<Issuer>, Error> {
        let mut issuers = vec![self.issuer()?];
        let damaged = |error| Error::failed("store-damaged", "former_authorities").because(error);
        let former = self.store().read().former_authorities()?;
        for row in former {
            issuers.push(Issuer {
                generation: row.generation,
                authority: Authority::from_certificate(row.certificate).map_err(damaged)?,
                chain: row.chain,
                former: Some(Former {
                    last_leaf: row.last_leaf,
                    last_list: row.last_list,
                }),
            });
        }
        Ok(issuers)
    }

    /// The CA of a generation.
    ///
    /// # Errors
    /// As [`Self::issuer`]; `store-damaged` when none was known by it.
    pub(super) fn issuer_of(&self, generation: Generation) -> Result<Issuer, Error> {
        let issuers = self.issuers()?.into_iter();
        let mut issuers = issuers.filter(|issuer| issuer.generation == generation);
        let unknown = || Error::failed("store-damaged", generation.to_string());
        issuers.next().ok_or_else(unknown)
    }

    /// The newest list of a generation that was published here, if it is one of that CA's.
    pub(super) fn published_list(&self, issuer: &Issuer) -> Option<(CheckedCrl, Vec<u8>)> {
        let der = std::fs::read(self.crl_of(issuer)).ok()?;
        crl::check(&der, &issuer.authority).map(|list| (list, der))
    }

    /// Where the list of a generation lies: `unit.crl` is always the present one's.
    pub(super) fn crl_of(&self, issuer: &Issuer) -> std::path::PathBuf {
        match issuer.former {
            None => self.home().crl(),
            Some(_) => self.home().former_crl(issuer.generation),
        }
    }
}
