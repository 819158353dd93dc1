//! How fast certificates are revoked and their list is made: 2,000 in one act, 2,000 people who leave with
//! their unit, and a list of 30,000 entries beside `openssl ca -gencrl` on the same entries. `cargo bench --bench revocation`.
//! Promise: 2,000 in two seconds at most, of either.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SigningKey as _};
use rusqlite::Connection;
use ukey_station::domain::certificate::{CertificateSerial, Generation, RevocationReason};
use ukey_station::domain::departure::Departure;
use ukey_station::domain::key::PublicKeyDer;
use ukey_station::domain::officer::{Duty, OfficerName};
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::domain::ukey::{Serial, UkeyIdentity, UkeyState};
use ukey_station::issuing::authority::{Authority, AuthorityTerms};
use ukey_station::issuing::crl::{self, CrlTerms, Revoked};
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::KeysFile;
use ukey_station::station::clock::{self, Stopwatch};
use ukey_station::station::jobs::holders::{self, Ukeys, Who};
use ukey_station::station::jobs::{practice, revoke, units};
use ukey_station::store::{Store, StoreError};

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTRIES: u32 = 30_000;
const AT_ONCE: u32 = 2_000;
const ROUNDS: u32 = 10;
/// Bytes of a certificate.
const DER: usize = 1_000;

fn serial(at: u32) -> CertificateSerial {
    let mut octets = [0x5a; 16];
    octets[..4].copy_from_slice(&at.wrapping_mul(2_654_435_761).to_be_bytes());
    octets[4..8].copy_from_slice(&at.to_be_bytes());
    CertificateSerial::from_random(octets)
}

/// The store key of a practice home.
fn store_key(home: &Path) -> [u8; 32] {
    let text = fs::read_to_string(home.join("secrets.toml")).unwrap();
    let secrets: toml::Table = text.parse().unwrap();
    let officers = secrets.get("officers").unwrap();
    let passphrase = officers.get("admin").unwrap().as_str().unwrap();
    let keys = KeysFile::read(&home.join("keys.json")).unwrap();
    let name = OfficerName::parse("admin").unwrap();
    let opened = keys.open(&name, &SecretText::new(passphrase.to_owned()));
    *opened.unwrap().store_key.expose()
}

/// The records as a file, references unheeded, in one transaction.
fn opened(home: &Path, key: &[u8; 32]) -> Connection {
    let db = Connection::open(home.join("station.db")).unwrap();
    let key = hex::encode(key);
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{key}'\"; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;
         PRAGMA foreign_keys = OFF; BEGIN;"
    ))
    .unwrap();
    db
}

/// Ends the transaction; the list of this home's CA waits: only the act itself is measured.
fn elsewhere(db: &Connection) {
    db.execute_batch(
        "INSERT INTO meta (name, value) VALUES ('ca_kind', 'exchange')
             ON CONFLICT (name) DO UPDATE SET value = excluded.value;
         COMMIT;",
    )
    .unwrap();
}

/// A request like the one that is there, with its ukey in its holder's hand.
fn insert_request(db: &Connection, (id, count, person): (&str, u32, &[u8])) {
    let columns: String = db
        .query_row(
            "SELECT group_concat(name, ', ') FROM pragma_table_info('requests')
             WHERE name NOT IN ('id', 'number', 'state', 'place', 'person')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let sql = format!(
        "INSERT INTO requests (id, number, state, place, person, {columns})
         SELECT ?1, ?2, 'handed_out', ?3, ?4, {columns} FROM requests LIMIT 1"
    );
    let place = 202_600_000_000_i64 + i64::from(count);
    let values = rusqlite::params![id, format!("2026-{count}"), place, person];
    db.prepare_cached(&sql).unwrap().execute(values).unwrap();
}

/// A certificate, revoked since then or active.
fn insert_certificate(
    db: &Connection,
    at: u32,
    (request, ukey): (&str, &str),
    revoked: Option<Timestamp>,
) {
    let now = clock::now();
    let state = if revoked.is_some() {
        "revoked"
    } else {
        "active"
    };
    db.prepare_cached(
        "INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after,
             der, state, reason, revoked_at, stored_at)
         VALUES (?1, ?2, ?2, ?3, '', ?4, ?5, ?6, ?7, ?8, ?9, ?4)",
    )
    .unwrap()
    .execute(rusqlite::params![
        serial(at).to_string(),
        request,
        ukey,
        now.to_string(),
        now.plus_days(700).to_string(),
        vec![0x30_u8; DER],
        state,
        revoked.map(|_at| "affiliationChanged"),
        revoked.map(|at| at.to_string()),
    ])
    .unwrap();
}

/// Certificates that are revoked already, and those to be revoked with their requests: rows of the shape
/// that the main job leaves, on no ukey.
fn fill(home: &Path, key: &[u8; 32]) {
    let db = opened(home, key);
    let now = clock::now();
    for at in 0..ENTRIES + AT_ONCE {
        let id = format!("019abcde-0000-7000-8000-{at:012x}");
        let revoked = at < ENTRIES;
        if !revoked {
            insert_request(&db, (&id, 10_000 + at, id.as_bytes()));
        }
        let since = revoked.then(|| now.plus_secs(-i64::from(at)));
        insert_certificate(&db, at, (&id, &id), since);
    }
    elsewhere(&db);
}

/// Revokes many as security does it; seconds.
fn revoke_many(home: &Path) -> f64 {
    let mut list = String::new();
    for at in ENTRIES..ENTRIES + AT_ONCE {
        writeln!(list, "{}", serial(at)).unwrap();
    }
    let (desk, security) = practice::open(home, Duty::Revoke).unwrap();
    let watch = Stopwatch::start();
    let reason = RevocationReason::AffiliationChanged;
    let done = revoke::listed(&desk, &security, &list, reason).unwrap();
    let secs = watch.ms() / 1000.0;
    assert_eq!(done.serials.len(), usize::try_from(AT_ONCE).unwrap());
    secs
}

/// So many people with a ukey each, of the shape that the main job leaves, in a home of their own.
fn people(home: &Path, key: &[u8; 32]) {
    let now = clock::now();
    let mut store = Store::open(&home.join("station.db"), key).unwrap();
    let ukey = |at: u32| Serial::parse(&format!("BENCH-{at:06}")).unwrap();
    store
        .write(|writing| {
            for at in 0..AT_ONCE {
                let serial = ukey(at);
                let identity = UkeyIdentity {
                    maker: "bench".to_owned(),
                    model: "bench".to_owned(),
                    serial: serial.clone(),
                };
                writing.insert_ukey(&identity, "softhsm2", now)?;
                let life = [
                    UkeyState::Blank,
                    UkeyState::Personalising,
                    UkeyState::Issued,
                    UkeyState::HandedOut,
                ];
                for [from, to] in life.array_windows() {
                    writing.move_ukey(&serial, (*from, *to), None, now)?;
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    drop(store);
    let db = opened(home, key);
    for at in 0..AT_ONCE {
        let id = format!("019abcde-0000-7000-8000-{at:012x}");
        let values = (id.as_str(), 10_000 + at, id.as_bytes());
        insert_request(&db, values);
        insert_certificate(&db, at, (&id, ukey(at).as_str()), None);
        db.prepare_cached("UPDATE ukeys SET request = ?1 WHERE serial = ?2")
            .unwrap()
            .execute([&id, ukey(at).as_str()])
            .unwrap();
    }
    elsewhere(&db);
}

/// Lets everybody leave as system does it with all ukeys in hand; seconds.
fn leave_many(home: &Path) -> f64 {
    let (desk, system) = practice::open(home, Duty::ManageStock).unwrap();
    let own = units::list(&desk, &system, None).unwrap().remove(0);
    let watch = Stopwatch::start();
    let whose = (Who::AllOf(&own), Departure::UnitClosed, "measured");
    let departing = holders::look(&desk, &system, whose, Ukeys::Here).unwrap();
    let left = holders::leave(&desk, &system, &departing, None).unwrap();
    let secs = watch.ms() / 1000.0;
    assert_eq!(left.holders.len(), usize::try_from(AT_ONCE).unwrap());
    secs
}

/// A CA with its key in a file, so that openssl signs with the same.
struct Ca {
    key: KeyPair,
    authority: Authority,
}

impl Ca {
    fn new(now: Timestamp) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let public = PublicKeyDer::new(key.subject_public_key_info());
        let terms = AuthorityTerms {
            name: "Bench CA".to_owned(),
            unit: "示例县教育局".to_owned(),
            province: "湖南省".to_owned(),
            serial: serial(u32::MAX),
            not_before: now.plus_days(-1),
            not_after: now.plus_days(2_000),
        };
        let mut sign = |message: &[u8]| key.sign(message);
        let der = Authority::self_signed(&terms, &public, &mut sign).unwrap();
        let authority = Authority::from_certificate(der).unwrap();
        Self { key, authority }
    }

    /// Reads the rows, builds the list and signs it.
    fn list(&self, store: &Store, now: Timestamp) -> Vec<u8> {
        let rows = store
            .read()
            .revocations((Generation::FIRST, None))
            .unwrap()
            .into_iter();
        let revoked: Vec<Revoked> = rows
            .map(|(serial, at, reason)| Revoked { serial, at, reason })
            .collect();
        let terms = CrlTerms {
            number: 7,
            this_update: now,
            next_update: now.plus_days(7),
        };
        let mut sign = |message: &[u8]| self.key.sign(message);
        crl::sign(&self.authority, &revoked, terms, &mut sign).unwrap()
    }
}

/// The shortest of some rounds, in milliseconds.
fn shortest(mut act: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_round| {
        let watch = Stopwatch::start();
        act();
        watch.ms()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

/// A time as `openssl ca` writes it into its index.
fn index_time(at: Timestamp) -> String {
    let digits: String = at
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!("{}Z", digits.get(2..).unwrap())
}

/// `openssl ca -gencrl` on the same entries and key; milliseconds, or none without openssl.
fn openssl(dir: &Path, ca: &Ca, store: &Store, now: Timestamp) -> Option<f64> {
    Command::new("openssl").arg("version").output().ok()?;
    let mut index = String::new();
    let end = index_time(now.plus_days(700));
    for (serial, at, reason) in store.read().revocations((Generation::FIRST, None)).unwrap() {
        let (at, reason) = (index_time(at), reason.word());
        let serial = serial.to_string().to_uppercase();
        writeln!(index, "R\t{end}\t{at},{reason}\t{serial}\tunknown\t/CN=a").unwrap();
    }
    let pem = |label: &str, der: &[u8]| {
        der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
    };
    let put = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
    put("index.txt", &index);
    put("key.pem", &pem("PRIVATE KEY", &ca.key.serialize_der()));
    put("ca.pem", &pem("CERTIFICATE", ca.authority.certificate()));
    put("number", "07\n");
    put(
        "ca.cnf",
        "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ncertificate = ca.pem\n\
         private_key = key.pem\ncrlnumber = number\ndefault_md = sha256\ndefault_crl_days = 7\n\
         crl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid\n",
    );
    Some(shortest(|| {
        let done = Command::new("openssl")
            .args(["ca", "-config", "ca.cnf", "-gencrl", "-out", "list.pem"])
            .current_dir(dir)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }))
}

fn main() -> std::process::ExitCode {
    // The station starts its own program as the worker of the tokens that a practice home is made with.
    if std::env::args().nth(1).as_deref() == Some("token-worker") {
        return ukey_station::station::token_worker();
    }
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let home = dir.path().join("home");
    practice::new(&home, "softhsm2", 0, 1).unwrap();
    let key = store_key(&home);
    fill(&home, &key);
    let secs = revoke_many(&home);
    println!("revoked         {AT_ONCE} in {secs:.2} s");
    let closed = dir.path().join("closed");
    practice::new(&closed, "softhsm2", 0, 1).unwrap();
    people(&closed, &store_key(&closed));
    let secs = leave_many(&closed);
    println!("left            {AT_ONCE} in {secs:.2} s");

    let (store, now) = (
        Store::open(&home.join("station.db"), &key).unwrap(),
        clock::now(),
    );
    let entries = store
        .read()
        .revocations((Generation::FIRST, None))
        .unwrap()
        .len();
    let ca = Ca::new(now);
    let der = ca.list(&store, now);
    let checked = crl::check(&der, &ca.authority).unwrap();
    assert_eq!(checked.revoked.len(), entries);
    let read = shortest(|| {
        std::hint::black_box(store.read().revocations((Generation::FIRST, None)).unwrap());
    });
    let all = shortest(|| {
        std::hint::black_box(ca.list(&store, now));
    });
    let back = shortest(|| {
        std::hint::black_box(crl::check(&der, &ca.authority).unwrap());
    });
    println!("entries         {entries}, {} bytes", der.len());
    println!("list            {all:.1} ms, of which rows {read:.1} ms");
    println!("read back       {back:.1} ms");
    if let Some(other) = openssl(dir.path(), &ca, &store, now) {
        println!("openssl ca      {other:.1} ms");
        println!("ratio           {:.2}", all / other);
    }
    std::process::ExitCode::SUCCESS
}
