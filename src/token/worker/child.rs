//! The worker process: loads one module, drives one ukey, keeps nothing. When the station's end of
//! the pipe closes it finishes the C function in hand, starts no other, and ends.
#![expect(
    clippy::disallowed_methods,
    reason = "the worker keeps its own deadlines"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use super::protocol::{Act, Answer, Order, Reply, WirePin, read_frame, write_frame};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::token_profile::Keys;
use crate::token::pkcs11::device::Device;

/// Memory a worker may map, so that a runaway module ends itself and not the desk.
const MAX_MEMORY_BYTES: u64 = 2 << 30;
/// Files a worker may have open.
const MAX_OPEN_FILES: u64 = 256;

/// Runs the worker until its pipe is closed.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    limit_process()?;
    let (input, mut output) = take_pipes()?;
    let stop = Arc::new(AtomicBool::new(false));
    let orders = read_orders(input, Arc::clone(&stop))?;
    let watchdog = Watchdog::start()?;
    let mut bench: Option<Bench> = None;
    while let Ok(order) = orders.recv() {
        watchdog.expect_by(Duration::from_millis(order.deadline_ms));
        let result = perform(&mut bench, order.act, &stop);
        watchdog.rest();
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let c_time = bench
            .as_ref()
            .map(|bench| bench.device.c_time())
            .unwrap_or_default();
        let c_micros = u64::try_from(c_time.as_micros()).unwrap_or(u64::MAX);
        write_frame(&mut output, &Answer { c_micros, result })?;
    }
    Ok(())
}

/// Keeps the pipes for the station and gives the module null and stderr instead: vendor libraries
/// print to stdout.
fn take_pipes() -> io::Result<(File, File)> {
    let input = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdin(&File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok((File::from(input), File::from(output)))
}

fn limit_process() -> io::Result<()> {
    let cap = |value| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    rustix::process::setrlimit(Resource::Core, cap(0))?;
    rustix::process::setrlimit(Resource::As, cap(MAX_MEMORY_BYTES))?;
    rustix::process::setrlimit(Resource::Nofile, cap(MAX_OPEN_FILES))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Reads orders in a thread of its own, so that the end of the pipe is noticed during a C function.
fn read_orders(mut input: File, stop: Arc<AtomicBool>) -> io::Result<Receiver<Order>> {
    let (send, receive): (SyncSender<Order>, _) = sync_channel(1);
    thread::Builder::new()
        .name("orders".to_owned())
        .spawn(move || {
            while let Ok(Some(order)) = read_frame(&mut input) {
                if send.send(order).is_err() {
                    break;
                }
            }
            stop.store(true, Ordering::SeqCst);
        })?;
    Ok(receive)
}

/// What a started worker holds.
struct Bench {
    device: Device,
    keys: Keys,
    _lock: Option<File>,
}

fn perform(bench: &mut Option<Bench>, act: Act, stop: &Arc<AtomicBool>) -> Result<Reply, Fault> {
    if let Act::Start { module, lock, keys } = act {
        let lock = lock.as_deref().map(hold).transpose()?;
        let device = Device::load(&module, Arc::clone(stop))?;
        *bench = Some(Bench {
            device,
            keys,
            _lock: lock,
        });
        return Ok(Reply::Done);
    }
    let not_started = || Fault::new(FaultKind::Protocol).with_detail("the worker was not started");
    let Bench { device, keys, .. } = bench.as_mut().ok_or_else(not_started)?;
    Ok(match act {
        Act::Start { .. } => Reply::Done,
        Act::List => Reply::Readings(device.list()?),
        Act::Identify { expected } => Reply::Reading(Box::new(device.identify(&expected)?)),
        Act::InitToken {
            so_pin: WirePin(so_pin),
            label,
        } => Reply::Reading(Box::new(device.init_token(&so_pin, &label)?)),
        Act::MakeToken {
            so_pin: WirePin(so_pin),
            label,
        } => Reply::Reading(Box::new(device.make_token(&so_pin, &label)?)),
        Act::SetSoPin {
            current: WirePin(current),
            new: WirePin(new),
        } => {
            device.set_so_pin(&current, &new)?;
            Reply::Done
        }
        Act::InitUserPin {
            so_pin: WirePin(so_pin),
            user: WirePin(user),
        } => {
            device.init_user_pin(&so_pin, &user)?;
            Reply::Done
        }
        Act::TrySoPin {
            so_pin: WirePin(so_pin),
        } => Reply::Holds(device.try_so_pin(&so_pin)?),
        Act::LogIn {
            user: WirePin(user),
        } => {
            device.log_in(&user)?;
            Reply::Done
        }
        Act::SetUserPin {
            current: WirePin(current),
            new: WirePin(new),
        } => {
            device.set_user_pin(&current, &new)?;
            Reply::Done
        }
        Act::Generate {
            algorithm,
            id,
            label,
        } => Reply::PublicKey(device.generate(algorithm, id, &label, keys)?),
        Act::ReadKey { id } => {
            let (attributes, key) = device.read_key(id)?;
            Reply::Key(Box::new(attributes), key)
        }
        Act::Sign { id, message } => Reply::Signature(device.sign(id, &message, keys)?),
        Act::WriteCertificate { id, certificate } => {
            device.write_certificate(id.as_bytes(), &certificate)?;
            Reply::Done
        }
        Act::WriteChain { chain } => {
            device.write_chain(&chain)?;
            Reply::Done
        }
        Act::ReadCertificates { id } => Reply::Certificates(device.read_certificates(id)?),
        Act::ClearCertificates { id } => Reply::Cleared(device.clear_certificates(id)?),
        Act::DestroyObjects { id } => Reply::Cleared(device.destroy_objects(id)?),
        Act::Inventory => Reply::Inventory(device.inventory()?),
    })
}

/// Waits for the ukey's OS lock: a worker of a station that died may still finish a C function.
/// The watchdog bounds the wait.
fn hold(path: &Path) -> Result<File, Fault> {
    let busy = |error: io::Error| Fault::new(FaultKind::Busy).with_detail(error.to_string());
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(busy)?;
    file.lock().map_err(busy)?;
    Ok(file)
}

/// Ends the process when an order takes longer than its deadline.
struct Watchdog(Arc<(Mutex<Option<Instant>>, Condvar)>);

impl Watchdog {
    fn start() -> io::Result<Self> {
        let shared = Arc::new((Mutex::new(None), Condvar::new()));
        let watched = Arc::clone(&shared);
        thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watch(&watched))?;
        Ok(Self(shared))
    }

    fn expect_by(&self, limit: Duration) {
        self.set(Instant::now().checked_add(limit));
    }

    fn rest(&self) {
        self.set(None);
    }

    fn set(&self, deadline: Option<Instant>) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
        self.0.1.notify_one();
    }
}

fn watch((deadline, changed): &(Mutex<Option<Instant>>, Condvar)) {
    let mut held = deadline.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let left = held.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        held = match left {
            None => changed.wait(held).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                // A hanging C function cannot be called back; only the process can end it.
                rustix::process::kill_process(rustix::process::getpid(), Signal::KILL).ok();
                return;
            }
            Some(left) => {
                changed
                    .wait_timeout(held, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
    }
}
