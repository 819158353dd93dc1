//! Judges an evidence bundle as its own README does, without a home (D-50).

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::documents::evidence::{self as bundle, Parts};
use crate::domain::approval::{ApprovalRecord, Decision};
use crate::domain::audit::{AuditFields, digest};
use crate::domain::certificate::CertificateSerial;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::evidence::{CertificateFacts, EvidenceFacts};
use crate::domain::timestamp::Timestamp;
use crate::issuing::authority::Authority;
use crate::issuing::check::{self, SignedCertificate};
use crate::issuing::crl;
use crate::issuing::csr::CheckedCsr;
use crate::keys::signature::{self, VerifiedDecision};
use crate::keys::unit_pki;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::jobs::certificates::from_pem;

/// More than a log of many years has, packed.
const MOST_BYTES: usize = 256 << 20;
/// The acts that end a run well: of a first making, and of a renewal.
const ISSUED: [&[u8]; 2] = [b"ukey-issued", b"certificate-renewed"];

/// One thing that a bundle proves, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable word, e.g. `approval`.
    pub what: &'static str,
    /// The certificate it is about; `None` for the bundle as a whole.
    pub certificate: Option<CertificateSerial>,
    /// Whether it holds.
    pub proven: bool,
    /// What was disclosed, or what the list says.
    pub detail: Option<String>,
}

/// What verifying a bundle found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it says in short.
    pub facts: EvidenceFacts,
    /// Fingerprint of the root that everything leads to: SHA-256, lower-case hex.
    pub root: String,
    /// Whether it is the one that was given; else a person compares it with paper.
    pub root_compared: bool,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Whether everything holds.
    pub fn proven(&self) -> bool {
        self.checks.iter().all(|check| check.proven)
    }

    /// The word of the first that does not.
    pub fn first_broken(&self) -> Option<&'static str> {
        let broken = self.checks.iter().find(|check| !check.proven);
        broken.map(|check| check.what)
    }
}

/// Verifies a bundle's file; with the fingerprint of the root as it stands on paper, if it is given.
///
/// # Errors
/// `evidence-damaged` when it is no bundle at all, or one of another version; what the file system says.
pub fn verify(path: &Path, fingerprint: Option<&str>) -> Result<Verdict, Error> {
    let bytes = read_limited(path, MOST_BYTES)?;
    if bytes.len() > MOST_BYTES {
        return Err(Error::refused(
            "evidence-damaged",
            path.display().to_string(),
        ));
    }
    judge(&bytes, fingerprint)
}

/// Verifies the bytes of a bundle.
pub(super) fn judge(bytes: &[u8], fingerprint: Option<&str>) -> Result<Verdict, Error> {
    let parts = bundle::read(bytes)
        .map_err(|error| Error::refused("evidence-damaged", error.to_string()).because(error))?;
    let missing = |name: &str| Error::refused("evidence-damaged", name.to_owned());
    let facts = part(&parts, "facts.json").and_then(EvidenceFacts::parse);
    let facts = facts.ok_or_else(|| missing("facts.json"))?;
    let root = one_certificate(&parts, "trust/root.pem");
    let root = root.ok_or_else(|| missing("trust/root.pem"))?;
    let judge = Judge {
        parts: &parts,
        root: &root,
        facts: &facts,
    };
    let mut checks = vec![
        whole("sums", judge.sums()),
        whole("seal", judge.seal()),
        whole("ca-chain", judge.authority(bundle::HOLDER_CA.0).is_some()),
    ];
    for certificate in &facts.certificates {
        checks.extend(judge.certificate(certificate));
    }
    checks.push(whole("log", judge.log().is_some()));
    checks.push(whole("checkpoint", judge.checkpoint().is_some()));
    let own = unit_pki::fingerprint(&root);
    if let Some(typed) = fingerprint {
        checks.insert(0, whole("root", unit_pki::typed_fingerprint(typed) == own));
    }
    Ok(Verdict {
        root: own,
        root_compared: fingerprint.is_some(),
        facts,
        checks,
    })
}

fn part<'a>(parts: &'a Parts, name: &str) -> Option<&'a [u8]> {
    parts.get(name).map(Vec::as_slice)
}

fn one_certificate(parts: &Parts, name: &str) -> Option<Vec<u8>> {
    let mut found = part(parts, name).and_then(from_pem)?.into_iter();
    found.next().filter(|_first| found.next().is_none())
}

const fn whole(what: &'static str, proven: bool) -> Check {
    Check {
        what,
        certificate: None,
        proven,
        detail: None,
    }
}

/// What a bundle is judged by.
struct Judge<'a> {
    parts: &'a Parts,
    root: &'a [u8],
    facts: &'a EvidenceFacts,
}

impl Judge<'_> {
    fn part(&self, name: &str) -> Option<&[u8]> {
        part(self.parts, name)
    }

    /// Seconds since 1970.
    fn moment(&self, name: &str) -> Option<Timestamp> {
        let text = std::str::from_utf8(self.part(name)?).ok()?;
        Timestamp::from_unix(text.trim().parse().ok()?).ok()
    }

    /// Whether the list names every part but itself and its seal, with its sum.
    fn sums(&self) -> bool {
        self.part(bundle::SUMS) == Some(bundle::sums(self.parts).as_bytes())
    }

    /// Whether an officer under the root signed `content` at that time.
    fn signed(&self, cms: &str, content: &str, at: &str) -> Option<()> {
        let (cms, content) = (self.part(cms)?, self.part(content)?);
        let verified = signature::verify_carried(cms, self.root, self.moment(at)?, &[]).ok()?;
        (verified.content == content).then_some(())
    }

    fn seal(&self) -> bool {
        let sealed = self.signed(bundle::SEAL, bundle::SUMS, "sealed-at");
        sealed.is_some() && self.moment("sealed-at") == Some(self.facts.exported_at)
    }

    fn certificate(&self, facts: &CertificateFacts) -> Vec<Check> {
        let of = |what, proven| Check {
            what,
            certificate: Some(facts.serial.clone()),
            proven,
            detail: None,
        };
        let folder = format!("certificates/{}", facts.serial);
        let record = self.approval(&folder, facts);
        let (authority, list) = self.issuer(&folder);
        let signed = one_certificate(self.parts, &format!("{folder}/certificate.pem"))
            .zip(authority.as_ref())
            .and_then(|(der, authority)| check::signed_by(&der, authority))
            .filter(|signed| {
                let dates = (signed.not_before, signed.not_after);
                signed.serial == facts.serial && dates == (facts.not_before, facts.not_after)
            });
        let asked = signed.as_ref().filter(|signed| {
            let request = self.part(&format!("{folder}/request.p10"));
            request.is_some_and(|der| CheckedCsr::check(der, &signed.key).is_ok())
        });
        let mut checks = vec![
            of("approval", record.is_some()),
            of("certificate", signed.is_some()),
            of("request", asked.is_some()),
        ];
        if let Some(record) = &record {
            checks.extend(self.disclosed(&folder, facts, record));
        }
        if let Some(signed) = &signed {
            checks.extend(self.proofs(&folder, signed));
            let list = list.zip(authority.as_ref());
            checks.extend(list.map(|list| self.list(&folder, facts, list)));
        }
        checks.push(of("issued", self.issued(facts)));
        checks
    }

    /// The record, if security approved it under the root at that time.
    fn approval(&self, folder: &str, facts: &CertificateFacts) -> Option<ApprovalRecord> {
        let cms = self.part(&format!("{folder}/approval.p7s"))?;
        let content = self.part(&format!("{folder}/record.json"))?;
        let at = self.moment(&format!("{folder}/approved-at"))?;
        let about = (facts.request, facts.revision);
        let decided = VerifiedDecision::verify_carried(cms, self.root, about, at, &[]);
        let (decision, _chain) = decided.ok()?;
        let record = decision.record();
        let holds = record.decision == Decision::Approved
            && record.time == at
            && record.canonical().ok()? == content;
        holds.then(|| record.clone())
    }

    /// Each disclosed field: whether just this was approved, and what it is.
    fn disclosed(
        &self,
        folder: &str,
        facts: &CertificateFacts,
        record: &ApprovalRecord,
    ) -> Vec<Check> {
        let folder = format!("{folder}/disclosed/");
        let found = self.parts.range(folder.clone()..);
        let found = found.take_while(|(name, _bytes)| name.starts_with(&folder));
        found
            .map(|(name, bytes)| {
                let field = name.trim_start_matches(&folder);
                let sum: [u8; 32] = Sha256::digest(bytes).into();
                let approved = record.fields.get(field).is_some_and(|own| own.0 == sum);
                let value = crate::domain::approval::value_of(field, bytes);
                Check {
                    what: "disclosed",
                    certificate: Some(facts.serial.clone()),
                    proven: approved && value.is_some(),
                    detail: value.map(|value| format!("{field}: {value}")),
                }
            })
            .collect()
    }

    /// What the ukey signed; none was kept by earlier versions.
    fn proofs(&self, folder: &str, signed: &SignedCertificate) -> Vec<Check> {
        let purposes = ["possession", "certificate"].into_iter();
        let words = ["possession-signed", "certificate-signed"];
        let kept = purposes.zip(words).filter_map(|(purpose, what)| {
            let message = self.part(&format!("{folder}/{purpose}.txt"))?;
            let begins = format!("ukey-station/{purpose}/v1\n{}\n", self.facts.home);
            let signature = self.part(&format!("{folder}/{purpose}.sig"));
            let proven = message.starts_with(begins.as_bytes())
                && signature.is_some_and(|signature| signed.key.verifies(message, signature));
            Some(Check {
                what,
                certificate: Some(signed.serial.clone()),
                proven,
                detail: None,
            })
        });
        kept.collect()
    }

    /// The CA in a folder, if its chain fits.
    fn authority(&self, folder: &str) -> Option<Authority> {
        let pem = self.part(&format!("{folder}/{}", bundle::HOLDER_CA.1))?;
        let issuers = from_pem(pem)?;
        check::chain(&issuers).ok()?;
        Authority::from_certificate(issuers.first()?.clone()).ok()
    }

    /// The CA that a certificate is judged by, and the PEM of its list; there may be none yet. A former
    /// CA's stand beside the certificate.
    fn issuer(&self, folder: &str) -> (Option<Authority>, Option<&[u8]>) {
        let own = format!("{folder}/{}", bundle::HOLDER_CA.1);
        let (ca, list) = if self.parts.contains_key(&own) {
            (folder, folder)
        } else {
            (bundle::HOLDER_CA.0, bundle::LIST.0)
        };
        let list = self.part(&format!("{list}/{}", bundle::LIST.1));
        (self.authority(ca), list)
    }

    /// What the CA's list says.
    fn list(
        &self,
        folder: &str,
        facts: &CertificateFacts,
        (pem, authority): (&[u8], &Authority),
    ) -> Check {
        let list = der::pem::decode_vec(pem).ok();
        let list = list.and_then(|(_label, der)| crl::check(&der, authority));
        let entry = list.as_ref().map(|list| {
            let mut entries = list.revoked.iter();
            entries.find(|entry| entry.serial == facts.serial)
        });
        let word = entry.map(|entry| if entry.is_some() { "yes" } else { "no" });
        let said = self.part(&format!("{folder}/listed"));
        let said = said.and_then(|text| std::str::from_utf8(text).ok());
        Check {
            what: "crl",
            certificate: Some(facts.serial.clone()),
            proven: word.is_some() && word == said.map(str::trim),
            detail: word.map(str::to_owned),
        }
    }

    /// Whether the log says that this ukey was issued with this certificate.
    fn issued(&self, facts: &CertificateFacts) -> bool {
        let (ukey, serial) = (self.facts.ukey.serial.as_str(), facts.serial.to_string());
        self.rows().any(|(_name, bytes)| {
            let decoded = AuditFields::decode(bytes);
            decoded.is_some_and(|(_sequence, _previous, AuditFields(fields))| {
                let [_at, _officer, _post, act, _request, of, certificate, ..] = fields;
                act.is_some_and(|act| ISSUED.contains(&act))
                    && of == Some(ukey.as_bytes())
                    && certificate == Some(serial.as_bytes())
            })
        })
    }

    fn rows(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        const FOLDER: &str = "audit/rows/";
        let found = self.parts.range(FOLDER.to_owned()..);
        found.take_while(|(name, _bytes)| name.starts_with(FOLDER))
    }

    /// The hash of the last row, if each follows from the one before.
    fn log(&self) -> Option<[u8; 32]> {
        let mut head: [u8; 32] = hex::decode(self.part("audit/before")?)
            .ok()?
            .try_into()
            .ok()?;
        let mut next = self.facts.first_row;
        for (name, bytes) in self.rows() {
            let (sequence, previous, _fields) = AuditFields::decode(bytes)?;
            let named = *name == format!("audit/rows/{sequence:08}");
            if sequence != next || previous != head || !named {
                return None;
            }
            head = digest(bytes);
            next += 1;
        }
        (next == self.facts.last_row + 1).then_some(head)
    }

    /// The checkpoint, if it signs the last row.
    fn checkpoint(&self) -> Option<()> {
        let (cms, content, at) = (
            "audit/checkpoint.p7s",
            "audit/checkpoint.json",
            "audit/signed-at",
        );
        self.signed(cms, content, at)?;
        let checkpoint = Checkpoint::parse(self.part(content)?)?;
        let holds = Some(checkpoint.head) == self.log()
            && checkpoint.count == self.facts.last_row
            && checkpoint.home == self.facts.home
            && Some(checkpoint.time) == self.moment(at);
        holds.then_some(())
    }
}
