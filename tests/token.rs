//! Ukeys through worker processes, on real `SoftHSM2`; pkcs11-tool says what is really there.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use ukey_station::domain::certificate::CertificateObject;
use ukey_station::domain::fault::FaultKind;
use ukey_station::domain::id::RunId;
use ukey_station::domain::key::{KeyAlgorithm, KeyId};
use ukey_station::domain::label::TokenLabel;
use ukey_station::domain::pin::Pin;
use ukey_station::domain::token_profile::TokenProfile;
use ukey_station::domain::ukey::{Expected, UkeyIdentity};
use ukey_station::token::profiles;
use ukey_station::token::virtual_ukey::{self, VirtualUkeys};
use ukey_station::token::worker::{Worker, WorkerSpec};

const FACTORY: &str = "12345678";
const NEW_SO: &str = "kd83nf7qw2mz5xtb";
const USER: &str = "59301746";

fn pin(text: &str) -> Pin {
    Pin::parse(text).unwrap()
}

fn softhsm() -> TokenProfile {
    profiles::load(Path::new("/nonexistent"))
        .unwrap()
        .remove("softhsm2")
        .unwrap()
}

/// One virtual ukey, plugged in.
struct Desk {
    dir: TempDir,
    ukeys: VirtualUkeys,
    folder: PathBuf,
    identity: UkeyIdentity,
}

impl Desk {
    fn new() -> Self {
        let profile = softhsm();
        let module = profiles::module_path(&profile).expect("SoftHSM2 is installed");
        Self::with(profile, module)
    }

    fn with(profile: TokenProfile, module: PathBuf) -> Self {
        let dir = support::memory_dir();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_ukey-station"));
        let ukeys = VirtualUkeys {
            profile,
            program,
            module,
            sha256: None,
        };
        let serial = ukeys.make(dir.path()).unwrap().serial;
        let folder = dir.path().join(serial.as_str());
        virtual_ukey::insert(&folder).unwrap();
        let reading = Worker::start(&ukeys.spec(&folder, None).unwrap())
            .unwrap()
            .list()
            .unwrap();
        assert_eq!(reading.len(), 1);
        assert_eq!(reading[0].identity.serial, serial);
        ukeys.profile.blankness(&reading[0]).unwrap();
        let identity = reading[0].identity.clone();
        Self {
            dir,
            ukeys,
            folder,
            identity,
        }
    }

    fn spec(&self) -> WorkerSpec {
        self.ukeys
            .spec(&self.folder, Some(self.dir.path().join("lock")))
            .unwrap()
    }

    fn worker(&self) -> Worker {
        let mut worker = Worker::start(&self.spec()).unwrap();
        worker.identify(&self.identity).unwrap();
        worker
    }
}

fn run_id() -> RunId {
    RunId::new(uuid::Uuid::from_u128(
        0x0193_5c1a_0000_7000_8000_0123_4567_89ab,
    ))
}

fn personalise(desk: &Desk, algorithm: KeyAlgorithm) -> Worker {
    let mut worker = desk.worker();
    let (id, label) = (KeyId::of_run(run_id()), TokenLabel::of_run(run_id()));
    let reading = worker.init_token(&pin(FACTORY), &label).unwrap();
    assert_eq!(reading.label, label.as_str());
    assert_eq!(reading.identity, desk.identity);
    worker.set_so_pin(&pin(FACTORY), &pin(NEW_SO)).unwrap();
    worker.init_user_pin(&pin(NEW_SO), &pin(USER)).unwrap();
    worker.log_in(&pin(USER)).unwrap();
    let public = worker.generate(algorithm, id, &label).unwrap();
    let (attributes, read) = worker.read_key(id).unwrap();
    assert_eq!(read, public);
    assert_eq!(attributes.algorithm, Some(algorithm));
    attributes.assert_born_on_token().unwrap();

    let message = b"a message that the ukey signs";
    let signature = worker.sign(id, message).unwrap();
    openssl_verifies(desk.dir.path(), public.as_bytes(), message, &signature);

    let certificate = CertificateObject {
        der: vec![0x30, 0],
        subject: vec![0x30, 0],
        issuer: vec![0x30, 0],
        serial: vec![2, 1, 1],
    };
    worker.write_certificate(id, &certificate).unwrap();
    worker
        .write_chain(std::slice::from_ref(&certificate))
        .unwrap();
    assert_eq!(worker.read_certificates(id).unwrap(), vec![vec![0x30, 0]]);
    let inventory = worker.inventory().unwrap();
    assert_eq!(inventory.private_keys, vec![id.as_bytes().to_vec()]);
    assert_eq!(
        inventory.public_keys,
        vec![(id.as_bytes().to_vec(), Some(public))]
    );
    assert_eq!(
        inventory.certificates.len(),
        1,
        "a certificate of the chain is not written twice"
    );
    worker
}

fn openssl_verifies(dir: &Path, spki: &[u8], message: &[u8], signature: &[u8]) {
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, message) = (file("key.der", spki), file("message", message));
    let signature = file("signature", signature);
    let args = [
        "dgst",
        "-sha256",
        "-keyform",
        "DER",
        "-verify",
        &key,
        "-signature",
        &signature,
        &message,
    ];
    support::must("openssl", &args);
}

#[test]
fn a_p256_ukey_is_made_and_its_signature_is_right() {
    drop(personalise(&Desk::new(), KeyAlgorithm::EcP256));
}

#[test]
fn an_rsa_ukey_is_made_and_its_signature_is_right() {
    drop(personalise(&Desk::new(), KeyAlgorithm::Rsa2048));
}

/// A second, unrelated module: `C_InitToken` gives its token another serial number. Whoever does not
/// expect that sees a swapped ukey (D-24); the run that wrote the label knows it again.
#[test]
fn a_ukey_that_changes_its_serial_is_known_by_the_label_of_its_run_only() {
    let profile = profiles::load(Path::new("/nonexistent"))
        .unwrap()
        .remove("kryoptic")
        .unwrap();
    let label = TokenLabel::of_run(run_id());
    for expects_it in [false, true] {
        let desk = Desk::with(profile.clone(), support::Module::kryoptic().library);
        let mut worker = Worker::start(&desk.spec()).unwrap();
        let expected = Expected {
            identity: desk.identity.clone(),
            label: expects_it.then(|| label.clone()),
        };
        worker.identify(expected.clone()).unwrap();
        let done = worker.init_token(&pin(FACTORY), &label);
        if expects_it {
            let serial = done.unwrap().identity.serial;
            assert_ne!(serial, desk.identity.serial);
            assert_eq!(worker.identify(expected).unwrap().identity.serial, serial);
        } else {
            let kind = done.unwrap_err().kind;
            assert!(matches!(kind, FaultKind::Swapped { found: Some(_) }));
        }
    }
}

#[test]
fn pkcs11_tool_sees_the_same_ukey() {
    let desk = Desk::new();
    drop(personalise(&desk, KeyAlgorithm::EcP256));
    let output = Command::new("pkcs11-tool")
        .args([
            "--module",
            support::SOFTHSM,
            "--login",
            "--pin",
            USER,
            "-O",
            "--type",
            "privkey",
        ])
        .env("SOFTHSM2_CONF", desk.folder.join("softhsm2.conf"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("sensitive, always sensitive, never extractable, local"),
        "{text}"
    );
    assert!(text.contains("Usage:      sign\n"), "{text}");
}

#[test]
fn a_wrong_so_pin_changes_nothing_but_a_flag() {
    let desk = Desk::new();
    let mut worker = desk.worker();
    let label = TokenLabel::of_run(run_id());
    let fault = worker.init_token(&pin("00000000"), &label).unwrap_err();
    assert_eq!(fault.kind, FaultKind::PinIncorrect);
    assert_eq!(fault.function.as_deref(), Some("C_InitToken"));
    let reading = worker.identify(&desk.identity).unwrap();
    assert_eq!(reading.label, "BLANK");
    assert!(!reading.flags.so_tries_untouched());
    assert!(!worker.try_so_pin(&pin("00000000")).unwrap());
    assert!(worker.try_so_pin(&pin(FACTORY)).unwrap());
    assert!(
        worker
            .identify(&desk.identity)
            .unwrap()
            .flags
            .so_tries_untouched()
    );
}

#[test]
fn a_pulled_ukey_is_removed_and_is_found_again() {
    let desk = Desk::new();
    let mut worker = desk.worker();
    virtual_ukey::pull(&desk.folder).unwrap();
    let fault = worker
        .init_token(&pin(FACTORY), &TokenLabel::of_run(run_id()))
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Removed);
    virtual_ukey::insert(&desk.folder).unwrap();
    assert_eq!(worker.identify(&desk.identity).unwrap().label, "BLANK");
}

#[test]
fn another_ukey_in_its_place_is_a_swap_and_an_empty_folder_is_unreadable() {
    let desk = Desk::new();
    let mut worker = Worker::start(&desk.spec()).unwrap();
    let mut other = desk.identity.clone();
    other.serial = "0000000000000000".to_owned().try_into().unwrap();
    let swapped = FaultKind::Swapped {
        found: Some(desk.identity.serial.clone()),
    };
    assert_eq!(worker.identify(&other).unwrap_err().kind, swapped);
    drop(worker);
    fs::remove_dir_all(desk.folder.join("tokens")).unwrap();
    fs::create_dir(desk.folder.join("tokens")).unwrap();
    let mut worker = Worker::start(&desk.spec()).unwrap();
    assert_eq!(
        worker.identify(&desk.identity).unwrap_err().kind,
        FaultKind::Unreadable
    );
}

#[test]
fn a_file_that_is_no_module_and_a_changed_one_are_refused() {
    let desk = Desk::new();
    for (path, kind) in [
        ("/nonexistent.so", FaultKind::ModuleUnusable),
        ("/etc/passwd", FaultKind::ModuleUnusable),
        ("/lib/x86_64-linux-gnu/libm.so.6", FaultKind::ModuleUnusable),
    ] {
        let mut spec = desk.spec();
        spec.module.path = path.into();
        assert_eq!(Worker::start(&spec).unwrap_err().kind, kind, "{path}");
    }
    let mut spec = desk.spec();
    spec.module.sha256 = Some(vec![0; 32]);
    assert_eq!(
        Worker::start(&spec).unwrap_err().kind,
        FaultKind::ModuleChanged
    );
}

#[test]
fn a_second_worker_on_one_ukey_waits_until_its_deadline() {
    let desk = Desk::new();
    let first = desk.worker();
    let mut spec = desk.spec();
    spec.deadlines.probe = 1;
    let fault = Worker::start(&spec).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Deadline { secs: 1 });
    drop(first);
    Worker::start(&spec).unwrap();
}

#[test]
fn a_worker_ends_when_the_station_is_gone() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ukey-station"))
        .arg("token-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_worker_that_answers_nonsense_is_a_protocol_fault() {
    let desk = Desk::new();
    let mut spec = desk.spec();
    spec.program = "/bin/echo".into();
    let fault = Worker::start(&spec).unwrap_err();
    assert!(
        matches!(
            fault.kind,
            FaultKind::Protocol | FaultKind::WorkerDied { .. }
        ),
        "{fault}"
    );
}

#[test]
fn the_template_in_softhsm_config_is_the_one_the_program_uses() {
    let template = fs::read_to_string("softhsm-config/softhsm2.conf.template").unwrap();
    assert_eq!(softhsm().virtual_ukey.unwrap().content.unwrap(), template);
}
