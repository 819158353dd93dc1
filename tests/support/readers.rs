//! The service for card readers (pcscd) with virtual readers (vsmartcard-vpcd), started and ended by a
//! test. Each has a `/run/pcscd` of its own where the system lets it, so that neither other tests nor the
//! machine's own service are disturbed; else they take turns at the only one.
#![expect(
    clippy::disallowed_methods,
    reason = "test helpers: what does not come in time fails the test"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::memory_dir;
use super::virtual_card::DEADLINE;

/// The driver of the virtual reader on Debian and Ubuntu. One has two slots.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// Where pcscd listens; built into it.
const RUN: &str = "/run/pcscd";

/// A virtual reader with two slots; the second's port is the next.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
}

impl Reader {
    /// One on ports that are free.
    pub(crate) fn new(name: &'static str) -> Self {
        let port = (0..100).find_map(|_| {
            let first = TcpListener::bind("0.0.0.0:0").unwrap();
            let port = first.local_addr().unwrap().port();
            let second = TcpListener::bind(("0.0.0.0", port.checked_add(1)?));
            second.is_ok().then_some(port)
        });
        Self {
            name,
            port: port.unwrap(),
        }
    }

    /// How the service calls a slot of it, and the slot's port.
    pub(crate) fn slot(&self, slot: u16) -> (String, u16) {
        (format!("{} 00 {slot:02X}", self.name), self.port + slot)
    }
}

/// A place where a service runs or not.
#[derive(Debug)]
pub(crate) struct Service {
    dir: TempDir,
    /// Whether it has a `/run/pcscd` of its own.
    apart: bool,
    running: Option<Running>,
    _turn: Option<File>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    log: Receiver<String>,
}

impl Service {
    /// A place for one; none runs.
    pub(crate) fn none() -> Self {
        let mut probe = root("unshare");
        let probed = probe.args(["--mount", "true"]).output();
        let apart = probed.is_ok_and(|output| output.status.success());
        let turn = (!apart).then(|| {
            let turn = File::create("/tmp/ukey-station-test-pcscd.lock").unwrap();
            turn.lock().unwrap();
            turn
        });
        Self {
            dir: memory_dir(),
            apart,
            running: None,
            _turn: turn,
        }
    }

    /// One that runs, with these readers.
    pub(crate) fn with(readers: &[Reader]) -> Self {
        let mut service = Self::none();
        service.start(readers);
        service
    }

    /// Where its clients find it.
    fn socket(&self) -> PathBuf {
        let run = if self.apart {
            self.dir.path()
        } else {
            Path::new(RUN)
        };
        run.join("pcscd.comm")
    }

    /// Has a program use this service.
    pub(crate) fn serve(&self, command: &mut Command) {
        command.env("PCSCLITE_CSOCK_NAME", self.socket());
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(&mut self, readers: &[Reader]) {
        let mut text = String::new();
        for (index, Reader { name, port }) in readers.iter().enumerate() {
            // Its variables are its library's: each reader needs a library of its own.
            let library = self.dir.path().join(format!("reader-{index}.so"));
            fs::copy(DRIVER, &library)
                .expect("vsmartcard-vpcd is installed: scripts/setup.sh test");
            write!(
                text,
                "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {}\n\
                 CHANNELID {port}\n\n",
                library.display()
            )
            .unwrap();
        }
        let conf = self.dir.path().join("reader.conf");
        fs::write(&conf, text).unwrap();
        let (dir, conf) = (self.dir.path().display(), conf.display());
        let mount = if self.apart {
            format!("mount --bind {dir} {RUN}")
        } else {
            ":".to_owned()
        };
        // Where pcscd asks polkit, nobody is there to answer.
        let script = format!(
            "mkdir -p {RUN}; {mount}; \
             grep -q disable-polkit <(pcscd --help) && polkit=--disable-polkit; \
             exec pcscd --foreground --debug ${{polkit:-}} --config {conf}"
        );
        let mut command = root(if self.apart { "unshare" } else { "env" });
        if self.apart {
            command.arg("--mount");
        }
        command.args(["bash", "-ec", &script]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null());
        let mut child = command.spawn().expect("root or sudo is there");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, log) = sync_channel(1_000_000);
        thread::Builder::new()
            .spawn(move || {
                // It ends when the service does.
                for line in lines.map_while(Result::ok) {
                    tell.send(line).ok();
                }
            })
            .unwrap();
        self.running = Some(Running { child, log });
        let started = self.heard("daemon ready");
        // It listens a moment after it says so.
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            assert!(
                begun.elapsed() < DEADLINE,
                "pcscd does not listen: {started:#?}"
            );
            thread::yield_now();
        }
        let slots = started
            .iter()
            .filter(|line| line.contains("Waiting for virtual ICC"));
        assert_eq!(slots.count(), readers.len() * 2, "{started:#?}");
    }

    /// Waits until the service has said this, and gives all it has said until then.
    pub(crate) fn heard(&mut self, text: &str) -> Vec<String> {
        let running = self.running.as_ref().unwrap();
        let until = Instant::now() + DEADLINE;
        let mut said = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = running.log.recv_timeout(left);
            assert!(line.is_ok(), "{text}: {line:?}: {said:#?}");
            said.push(line.unwrap());
            if said.last().is_some_and(|line| line.contains(text)) {
                return said;
            }
        }
    }

    /// Kills it and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        let mut running = self.running.take().unwrap();
        running.child.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        // It became its own starter's process, unless that was sudo.
        let starter = self.running.as_ref().unwrap().child.id().to_string();
        let file = self.socket().with_file_name("pcscd.pid");
        let pid = if is_root() {
            starter
        } else {
            fs::read_to_string(file).unwrap()
        };
        let status = root("kill").args(["-s", name, pid.trim()]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
        if !self.apart {
            // What a killed service leaves behind in everybody's folder.
            let left = [self.socket(), self.socket().with_file_name("pcscd.pid")];
            root("rm").arg("--force").args(left).status().unwrap();
        }
    }
}

/// A profile whose module is SoftHSM and whose ukeys are said to be cards with this ATR.
pub(crate) fn card_profile() -> String {
    let shipped = fs::read_to_string("token-profiles/softhsm2.toml").unwrap();
    let (before, rest) = shipped.split_once("[virtual]").unwrap();
    let (_virtual, after) = rest.split_once("[factory]").unwrap();
    let text = format!("{before}[factory]{after}").replace(
        "makers = [\"SoftHSM project\"]",
        "makers = [\"SoftHSM project\"]\natr-prefixes = [\"3B:02:..:50\"]",
    );
    text.replacen("name = \"softhsm2\"", "name = \"test-card\"", 1)
}

/// A command run as root: pcscd serves from a folder that is root's.
fn root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", program]);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}
