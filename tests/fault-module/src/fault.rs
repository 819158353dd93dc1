//! The faults, and what each does around a call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::{answer, excess};

/// `CKR_DEVICE_ERROR`.
const DEVICE_ERROR: usize = 0x30;
/// `CKR_DEVICE_REMOVED`.
const DEVICE_REMOVED: usize = 0x32;
/// `CKR_TOKEN_NOT_PRESENT`.
const TOKEN_NOT_PRESENT: usize = 0xE0;

/// What every later call of this process returns; 0: nothing.
static GONE: AtomicUsize = AtomicUsize::new(0);

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// `error=CODE`: the work is not done, the call returns this CKR code.
    Error(usize),
    /// `removed`, `absent`: the ukey is gone, now and for this process.
    Gone(usize),
    /// `lost`: the work is done, its answer is an error.
    Lost,
    /// `wrong`: the work is done, its answer is another one.
    Wrong,
    /// `truncated`: the work is done, its answer is a byte short.
    Truncated,
    /// `hang`, `hang-after`.
    Hang(Phase),
    /// `abort`, `abort-after`: the process aborts.
    Abort(Phase),
    /// `segv`, `segv-after`: it ends with a segmentation fault.
    Segv(Phase),
    /// `kill`, `kill-after`: SIGKILL to this process.
    Kill(Phase),
    /// `flood`: 256 MiB to stdout and stderr before the work.
    Flood,
    /// `garbage`: nonsense to every pipe that the process has, the station's own among them.
    Garbage,
    /// `gorge`: allocates until it gets no more, and aborts.
    Gorge,
    /// `fork`: leaves a process behind that never ends.
    Fork,
    /// `kill-inside=MICROS`: SIGKILL to this process so long after the call has begun.
    KillInside(u64),
    /// `kill-station`, `kill-station-after`: SIGKILL to the process that started this one.
    KillStation(Phase),
}

/// Before or after the work of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    After,
}

impl Fault {
    /// # Panics
    /// On a kind that does not exist: the test's own mistake.
    pub(crate) fn parse(kind: &str) -> Self {
        let (word, value) = kind.split_once('=').unwrap_or((kind, ""));
        let number = || value.parse().expect("a number");
        let (word, phase) = match word.strip_suffix("-after") {
            Some(word) => (word, Phase::After),
            None => (word, Phase::Before),
        };
        match word {
            "error" => Self::Error(number()),
            "removed" => Self::Gone(DEVICE_REMOVED),
            "absent" => Self::Gone(TOKEN_NOT_PRESENT),
            "lost" => Self::Lost,
            "wrong" => Self::Wrong,
            "truncated" => Self::Truncated,
            "hang" => Self::Hang(phase),
            "abort" => Self::Abort(phase),
            "segv" => Self::Segv(phase),
            "kill" => Self::Kill(phase),
            "flood" => Self::Flood,
            "garbage" => Self::Garbage,
            "gorge" => Self::Gorge,
            "fork" => Self::Fork,
            "kill-inside" => Self::KillInside(value.parse().expect("microseconds")),
            "kill-station" => Self::KillStation(phase),
            other => panic!("no fault is called {other}"),
        }
    }

    /// Before the work: a result in its place, or the end of a process.
    pub(crate) fn before(self) -> Option<usize> {
        match self {
            Self::Error(code) => return Some(code),
            Self::Gone(code) => {
                GONE.store(code, Ordering::Relaxed);
                return Some(code);
            }
            Self::KillInside(micros) => {
                let inside = std::thread::Builder::new().name("kill-inside".to_owned());
                let started = inside.spawn(move || {
                    std::thread::sleep(Duration::from_micros(micros));
                    kill();
                });
                drop(started.expect("a thread"));
            }
            Self::Flood => excess::flood(),
            Self::Garbage => excess::garbage(),
            Self::Gorge => excess::gorge(),
            Self::Fork => excess::fork(),
            _ => self.end(Phase::Before),
        }
        None
    }

    /// After the work: its result.
    ///
    /// # Safety
    /// `arguments` are those of this function's call, which returned `result`.
    pub(crate) unsafe fn after(self, function: usize, arguments: &[usize], result: usize) -> usize {
        self.end(Phase::After);
        // SAFETY: the caller's.
        unsafe {
            match self {
                Self::Lost => return DEVICE_ERROR,
                Self::Wrong if result == 0 => answer::alter(function, arguments),
                Self::Truncated if result == 0 => answer::shorten(function, arguments),
                _ => {}
            }
        }
        result
    }

    /// Ends a process, or waits for ever, if this is the phase.
    fn end(self, now: Phase) {
        match self {
            Self::Hang(phase) if phase == now => loop {
                // SAFETY: a system call.
                unsafe { libc::pause() };
            },
            // SAFETY: ends the process.
            Self::Abort(phase) if phase == now => unsafe { libc::abort() },
            // SAFETY: as above, with the handler that ends it.
            Self::Segv(phase) if phase == now => unsafe {
                libc::signal(libc::SIGSEGV, libc::SIG_DFL);
                libc::raise(libc::SIGSEGV);
            },
            Self::Kill(phase) if phase == now => kill(),
            // SAFETY: a system call.
            Self::KillStation(phase) if phase == now => unsafe {
                libc::kill(libc::getppid(), libc::SIGKILL);
            },
            _ => {}
        }
    }
}

fn kill() {
    // SAFETY: a system call.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// What a ukey that is gone answers to everything but questions to the module itself.
pub(crate) fn gone(function: usize) -> Option<usize> {
    let code = GONE.load(Ordering::Relaxed);
    (code != 0 && function > crate::functions::GET_SLOT_INFO).then_some(code)
}
