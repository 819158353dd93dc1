//! Memory for secrets: pages of their own, kept out of swap and core dumps where the system can, and wiped
//! before they are given back. Knows nothing of what it holds.
//!
//! Locks do not nest: `munlock` for one secret unlocks whatever else stands on its page. So each secret has
//! its pages for itself alone, and giving them back unlocks no other. A secret that cannot be locked, since
//! the limit (`ulimit -l`, `RLIMIT_MEMLOCK`) is spent, is kept all the same; the log says so once, and
//! `doctor` whenever it is asked.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Once;

use memmap2::MmapMut;
use rustix::process::{Resource, Rlimit};
use zeroize::Zeroize as _;

/// Bytes of a secret. No `Display`, no `Serialize`; `Debug` prints `[elided]`; wiped on drop.
pub struct SecretBytes(Pages);

/// Where they stand.
enum Pages {
    /// On pages of their own.
    Own(MmapMut),
    /// In the program's common memory: the system gave no page.
    Common(Vec<u8>),
}

impl SecretBytes {
    /// So many bytes, all zero, to be filled in place.
    pub fn zeroed(length: usize) -> Self {
        let Ok(pages) = MmapMut::map_anon(length) else {
            say_unlocked();
            return Self(Pages::Common(vec![0; length]));
        };
        if length > 0 && !protect(&pages) {
            say_unlocked();
        }
        Self(Pages::Own(pages))
    }

    /// A copy; the original stays the caller's to wipe.
    pub fn copied(bytes: &[u8]) -> Self {
        let mut copy = Self::zeroed(bytes.len());
        copy.copy_from_slice(bytes);
        copy
    }
}

/// Whether a secret can be locked in memory at this moment.
pub fn can_be_locked() -> bool {
    MmapMut::map_anon(1).is_ok_and(|page| page.lock().is_ok())
}

/// A crash of this program and of what it starts leaves no copy of its memory.
///
/// The limit is one byte, not none: a core file needs more, and a handler that the system pipes cores to
/// is called at any limit but this one (Linux, `fs/coredump.c`).
pub fn forbid_core_files() {
    let least = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    if let Err(error) = rustix::process::setrlimit(Resource::Core, least) {
        // The hard limit was 0 already: no core file either.
        tracing::debug!(%error, "limit of core files");
    }
}

/// Keeps the pages out of core dumps, and out of swap: whether that was possible.
fn protect(pages: &MmapMut) -> bool {
    // Where there is no such advice the ban on core files has to do.
    #[cfg(target_os = "linux")]
    pages.advise(memmap2::Advice::DontDump).ok();
    pages.lock().is_ok()
}

fn say_unlocked() {
    static SAID: Once = Once::new();
    SAID.call_once(|| tracing::debug!("secrets are not locked in memory: ulimit -l is spent"));
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Pages::Own(pages) => pages,
            Pages::Common(bytes) => bytes,
        }
    }
}

impl DerefMut for SecretBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Pages::Own(pages) => pages,
            Pages::Common(bytes) => bytes,
        }
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::copied(self)
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SecretBytes {}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[elided]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel says of the memory around the secret's first byte: `/proc/self/smaps`.
    fn facts(secret: &[u8]) -> String {
        let address = secret.as_ptr().addr();
        let all = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut facts = String::new();
        let mut inside = false;
        for line in all.lines() {
            let range = line.split_once(' ').and_then(|(range, _rest)| {
                let (from, to) = range.split_once('-')?;
                let number = |text| usize::from_str_radix(text, 16).ok();
                Some(number(from)?..number(to)?)
            });
            inside = range.map_or(inside, |range| range.contains(&address));
            if inside {
                facts = format!("{facts}{line}\n");
            }
        }
        facts
    }

    fn is_locked(secret: &[u8]) -> bool {
        let facts = facts(secret);
        let flags = facts.lines().find(|line| line.starts_with("VmFlags:"));
        let flags: Vec<_> = flags.unwrap().split_whitespace().collect();
        flags.contains(&"lo") && !facts.contains("Locked:                0 kB")
    }

    #[test]
    fn a_secret_is_locked_in_memory_and_left_out_of_core_dumps() {
        assert!(can_be_locked(), "ulimit -l of this machine is 0");
        let secret = SecretBytes::copied(b"kd83nf7qw2mz5xtb");
        assert!(is_locked(&secret), "{}", facts(&secret));
        assert!(facts(&secret).contains(" dd"), "{}", facts(&secret));
        let plain = vec![7_u8; 1 << 20];
        assert!(!is_locked(&plain), "the test tells locked from plain");
    }

    #[test]
    fn a_secret_stays_locked_when_its_neighbours_are_gone() {
        let mut secrets: Vec<_> = (0..32)
            .map(|byte| SecretBytes::copied(&[byte; 9]))
            .collect();
        let pages = secrets.iter().map(|secret| secret.as_ptr().addr() / 4096);
        let mut pages: Vec<_> = pages.collect();
        pages.sort_unstable();
        pages.dedup();
        assert_eq!(pages.len(), 32, "no two share a page");
        let mut odd = false;
        secrets.retain(|_secret| {
            odd = !odd;
            odd
        });
        for secret in &secrets {
            assert!(is_locked(secret), "{}", facts(secret));
        }
    }

    #[test]
    fn an_empty_secret_is_a_secret_too() {
        assert_eq!(SecretBytes::copied(b""), SecretBytes::zeroed(0));
        assert_ne!(SecretBytes::zeroed(0), SecretBytes::zeroed(1));
        assert_eq!(
            format!("{:?}", SecretBytes::copied(b"59301746")),
            "[elided]"
        );
    }
}
