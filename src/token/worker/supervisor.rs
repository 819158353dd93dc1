//! The station's end of the line: starts a worker process, sends orders, and turns exit, signal,
//! silence and nonsense into a [`Fault`]. Loads no module.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::protocol::{Act, Answer, ModuleSpec, Order, Reply, WirePin, read_frame, write_frame};
use crate::domain::certificate::CertificateObject;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::{KeyAlgorithm, KeyAttributes, KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::token_profile::{Deadlines, Keys};
use crate::domain::ukey::{Expected, Inventory, UkeyReading};

/// How much longer than the worker's own watchdog the station waits.
const GRACE: Duration = Duration::from_secs(2);
/// A worker that ends so shortly before its deadline was ended by its watchdog: its clock starts with
/// the order, ours a little later.
const WATCHDOG_MARGIN: Duration = Duration::from_millis(100);

/// What a worker needs to know.
#[derive(Clone, Debug)]
pub struct WorkerSpec {
    /// This program.
    pub program: PathBuf,
    /// The module.
    pub module: ModuleSpec,
    /// Environment that tells a software module where its configuration is.
    pub env: Option<(String, OsString)>,
    /// The ukey's OS lock file; `None` to look only.
    pub lock: Option<PathBuf>,
    /// Keys and mechanisms of the profile.
    pub keys: Keys,
    /// Deadlines of the profile.
    pub deadlines: Deadlines,
}

/// A running worker process.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    orders: Option<ChildStdin>,
    answers: Receiver<io::Result<Answer>>,
    deadlines: Deadlines,
    c_time: Duration,
    gone: bool,
}

impl Worker {
    /// Starts the process in a group of its own and has it load the module.
    ///
    /// # Errors
    /// `ModuleUnusable`, `ModuleChanged`, `WorkerDied`, `Deadline` (also while another worker holds
    /// the ukey's lock).
    pub fn start(spec: &WorkerSpec) -> Result<Self, Fault> {
        let mut command = Command::new(&spec.program);
        command
            .arg("token-worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some((name, value)) = &spec.env {
            command.env(name, value);
        }
        let cannot = |error: io::Error| {
            Fault::new(FaultKind::WorkerDied {
                how: "not started".to_owned(),
            })
            .with_detail(error.to_string())
        };
        let mut child = command.spawn().map_err(cannot)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(orders), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(cannot(io::Error::other("no pipes")));
        };
        let answers = read_answers(stdout).map_err(cannot)?;
        drain(stderr).map_err(cannot)?;
        let mut worker = Self {
            child,
            orders: Some(orders),
            answers,
            deadlines: spec.deadlines,
            c_time: Duration::ZERO,
            gone: false,
        };
        let act = Act::Start {
            module: spec.module.clone(),
            lock: spec.lock.clone(),
            keys: spec.keys.clone(),
        };
        worker.order(act, spec.deadlines.probe)?;
        Ok(worker)
    }

    /// Time spent inside the module since the start.
    pub const fn c_time(&self) -> Duration {
        self.c_time
    }

    /// Whether the process has ended; a new one is needed.
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Looks at every ukey of the module, without login.
    ///
    /// # Errors
    /// Any [`Fault`] of module or worker.
    pub fn list(&mut self) -> Result<Vec<UkeyReading>, Fault> {
        match self.order(Act::List, self.deadlines.probe)? {
            Reply::Readings(readings) => Ok(readings),
            other => Err(unexpected(&other)),
        }
    }

    /// Finds the ukey, and looks at it without login.
    ///
    /// # Errors
    /// `Removed`, `Swapped`, `DuplicateSerial`, `Unreadable`, or any other fault.
    pub fn identify(&mut self, expected: impl Into<Expected>) -> Result<UkeyReading, Fault> {
        let act = Act::Identify {
            expected: expected.into(),
        };
        reading(self.order(act, self.deadlines.probe)?)
    }

    /// `C_InitToken` on the identified ukey; identifies it again after.
    ///
    /// # Errors
    /// `PinIncorrect` when the SO PIN is another one (nothing changed but a flag), or any other.
    pub fn init_token(&mut self, so_pin: &Pin, label: &TokenLabel) -> Result<UkeyReading, Fault> {
        let act = Act::InitToken {
            so_pin: wire(so_pin),
            label: label.clone(),
        };
        reading(self.order(act, self.deadlines.init)?)
    }

    /// Initialises the fresh token of a virtual ukey's folder.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub fn make_token(&mut self, so_pin: &Pin, label: &TokenLabel) -> Result<UkeyReading, Fault> {
        let act = Act::MakeToken {
            so_pin: wire(so_pin),
            label: label.clone(),
        };
        reading(self.order(act, self.deadlines.init)?)
    }

    /// SO login with the current PIN (one try), then `C_SetPIN`.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `PinRefused`, or any other.
    pub fn set_so_pin(&mut self, current: &Pin, new: &Pin) -> Result<(), Fault> {
        let act = Act::SetSoPin {
            current: wire(current),
            new: wire(new),
        };
        done(&self.order(act, self.deadlines.pin)?)
    }

    /// `C_InitPIN` under the SO login.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `PinRefused`, or any other.
    pub fn init_user_pin(&mut self, so_pin: &Pin, user: &Pin) -> Result<(), Fault> {
        let act = Act::InitUserPin {
            so_pin: wire(so_pin),
            user: wire(user),
        };
        done(&self.order(act, self.deadlines.pin)?)
    }

    /// One SO login: whether the PIN holds.
    ///
    /// # Errors
    /// `PinLocked`, or any other; a wrong PIN is `Ok(false)`.
    pub fn try_so_pin(&mut self, pin: &Pin) -> Result<bool, Fault> {
        match self.order(Act::TrySoPin { so_pin: wire(pin) }, self.deadlines.pin)? {
            Reply::Holds(holds) => Ok(holds),
            other => Err(unexpected(&other)),
        }
    }

    /// User login.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, or any other.
    pub fn log_in(&mut self, user: &Pin) -> Result<(), Fault> {
        done(&self.order(Act::LogIn { user: wire(user) }, self.deadlines.pin)?)
    }

    /// User login with the present PIN (one try), then `C_SetPIN`.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `PinRefused`, or any other. A fault with the return value of a C
    /// function left the PIN as it was; after any other nobody knows.
    pub fn set_user_pin(&mut self, current: &Pin, new: &Pin) -> Result<(), Fault> {
        let act = Act::SetUserPin {
            current: wire(current),
            new: wire(new),
        };
        done(&self.order(act, self.deadlines.pin)?)
    }

    /// `C_GenerateKeyPair`; gives the public key.
    ///
    /// # Errors
    /// `Unsupported`, `NoRoom`, or any other.
    pub fn generate(
        &mut self,
        algorithm: KeyAlgorithm,
        id: KeyId,
        label: &TokenLabel,
    ) -> Result<PublicKeyDer, Fault> {
        let act = Act::Generate {
            algorithm,
            id,
            label: label.clone(),
        };
        match self.order(act, self.deadlines.generate)? {
            Reply::PublicKey(key) => Ok(key),
            other => Err(unexpected(&other)),
        }
    }

    /// Attributes and public part of the one key pair with this id.
    ///
    /// # Errors
    /// `ObjectMissing`, `ObjectDuplicate`, or any other.
    pub fn read_key(&mut self, id: KeyId) -> Result<(KeyAttributes, PublicKeyDer), Fault> {
        match self.order(Act::ReadKey { id }, self.deadlines.read)? {
            Reply::Key(attributes, key) => Ok((*attributes, key)),
            other => Err(unexpected(&other)),
        }
    }

    /// Signs: ECDSA with SHA-256 in DER, or RSA PKCS #1 v1.5 with SHA-256.
    ///
    /// # Errors
    /// `ObjectMissing`, `Unsupported`, or any other.
    pub fn sign(&mut self, id: KeyId, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let act = Act::Sign {
            id,
            message: message.to_vec(),
        };
        match self.order(act, self.deadlines.sign)? {
            Reply::Signature(signature) => Ok(signature),
            other => Err(unexpected(&other)),
        }
    }

    /// Writes the certificate under the key's id.
    ///
    /// # Errors
    /// `NoRoom`, or any other.
    pub fn write_certificate(
        &mut self,
        id: KeyId,
        certificate: &CertificateObject,
    ) -> Result<(), Fault> {
        let act = Act::WriteCertificate {
            id,
            certificate: certificate.clone(),
        };
        done(&self.order(act, self.deadlines.write)?)
    }

    /// Writes those certificates of the chain that are missing.
    ///
    /// # Errors
    /// `NoRoom`, or any other.
    pub fn write_chain(&mut self, chain: &[CertificateObject]) -> Result<(), Fault> {
        done(&self.order(
            Act::WriteChain {
                chain: chain.to_vec(),
            },
            self.deadlines.write,
        )?)
    }

    /// The certificates under this id, DER.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub fn read_certificates(&mut self, id: KeyId) -> Result<Vec<Vec<u8>>, Fault> {
        match self.order(Act::ReadCertificates { id }, self.deadlines.read)? {
            Reply::Certificates(certificates) => Ok(certificates),
            other => Err(unexpected(&other)),
        }
    }

    /// Removes the certificates under this id.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub fn clear_certificates(&mut self, id: KeyId) -> Result<u32, Fault> {
        match self.order(Act::ClearCertificates { id }, self.deadlines.write)? {
            Reply::Cleared(count) => Ok(count),
            other => Err(unexpected(&other)),
        }
    }

    /// Destroys key pair and certificates under this id, after login; gives how many objects there were.
    ///
    /// # Errors
    /// Any [`Fault`]; then some of them may be there still.
    pub fn destroy_objects(&mut self, id: KeyId) -> Result<u32, Fault> {
        match self.order(Act::DestroyObjects { id }, self.deadlines.write)? {
            Reply::Cleared(count) => Ok(count),
            other => Err(unexpected(&other)),
        }
    }

    /// Keys and certificates on the ukey, after login.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub fn inventory(&mut self) -> Result<Inventory, Fault> {
        match self.order(Act::Inventory, self.deadlines.read)? {
            Reply::Inventory(inventory) => Ok(inventory),
            other => Err(unexpected(&other)),
        }
    }

    fn order(&mut self, act: Act, deadline_secs: u64) -> Result<Reply, Fault> {
        let limit = Duration::from_secs(deadline_secs);
        let deadline_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let Some(orders) = self.orders.as_mut().filter(|_| !self.gone) else {
            return Err(Fault::new(FaultKind::WorkerDied {
                how: "before".to_owned(),
            }));
        };
        if write_frame(orders, &Order { deadline_ms, act }).is_err() {
            return Err(self.bury());
        }
        // Until the deadline a worker that ends has died; from then on its watchdog has ended it.
        let early = limit.saturating_sub(WATCHDOG_MARGIN);
        let missed = Fault::new(FaultKind::Deadline {
            secs: deadline_secs,
        });
        let (answer, late) = match self.answers.recv_timeout(early) {
            Err(RecvTimeoutError::Timeout) => {
                let rest = limit.saturating_sub(early) + GRACE;
                (self.answers.recv_timeout(rest), true)
            }
            answer => (answer, false),
        };
        match answer {
            Ok(Ok(answer)) => {
                self.c_time = Duration::from_micros(answer.c_micros);
                answer.result
            }
            Ok(Err(error)) => {
                self.kill();
                self.bury();
                Err(Fault::new(FaultKind::Protocol).with_detail(error.to_string()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let died = self.bury();
                Err(if late { missed } else { died })
            }
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                self.bury();
                Err(missed)
            }
        }
    }

    /// Reaps the process and says how it ended.
    fn bury(&mut self) -> Fault {
        self.gone = true;
        self.orders = None;
        self.end_group();
        let how = match self.child.wait() {
            Ok(status) => ending(status),
            Err(error) => error.to_string(),
        };
        Fault::new(FaultKind::WorkerDied { how })
    }

    fn kill(&self) {
        if let Some(group) = self.group() {
            // Already gone is as good.
            rustix::process::kill_process_group(group, Signal::KILL).ok();
        }
    }

    /// Waits for the process and ends what its module has left behind. The process is not reaped before:
    /// until then its group's number is nobody else's.
    fn end_group(&self) {
        if let Some(group) = self.group() {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            if rustix::process::waitid(WaitId::Pid(group), ended).is_ok() {
                self.kill();
            }
        }
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// In practice: the process dies, as of a module that crashes.
    pub fn crash(&self) {
        self.kill();
    }

    /// In practice: the process does nothing any more, as in a module that hangs.
    pub fn freeze(&self) {
        if let Some(group) = self.group() {
            rustix::process::kill_process_group(group, Signal::STOP).ok();
        }
    }
}

impl Drop for Worker {
    /// Closes the pipe, lets the worker finish, and leaves no process behind.
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        self.orders = None;
        let patience = Duration::from_secs(self.deadlines.generate) + GRACE;
        loop {
            match self.answers.recv_timeout(patience) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.kill();
                    break;
                }
            }
        }
        self.end_group();
        self.child.wait().ok(); // Nobody is left to tell.
    }
}

fn read_answers(
    mut stdout: impl Read + Send + 'static,
) -> io::Result<Receiver<io::Result<Answer>>> {
    let (send, receive) = sync_channel(1);
    thread::Builder::new()
        .name("worker answers".to_owned())
        .spawn(move || {
            loop {
                let answer = read_frame(&mut stdout).transpose();
                let Some(answer) = answer else { return };
                let last = answer.is_err();
                if send.send(answer).is_err() || last {
                    return;
                }
            }
        })?;
    Ok(receive)
}

/// Takes what the module prints off its hands; the text may hold anything, so it is not kept.
fn drain(mut stderr: impl Read + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("worker stderr".to_owned())
        .spawn(move || {
            let bytes = io::copy(&mut stderr, &mut io::sink()).unwrap_or(0);
            if bytes > 0 {
                tracing::debug!(bytes, "the module printed");
            }
        })?;
    Ok(())
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".to_owned(),
    }
}

fn wire(pin: &Pin) -> WirePin {
    WirePin(pin.clone())
}

fn done(reply: &Reply) -> Result<(), Fault> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(other)),
    }
}

fn reading(reply: Reply) -> Result<UkeyReading, Fault> {
    match reply {
        Reply::Reading(reading) => Ok(*reading),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(reply: &Reply) -> Fault {
    let name = format!("{reply:?}");
    let name = name.split(['(', ' ']).next().unwrap_or_default();
    Fault::new(FaultKind::Protocol).with_detail(format!("unexpected answer {name}"))
}
