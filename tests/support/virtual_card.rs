//! A small card of ours for the virtual reader of vsmartcard (vpcd): being connected is being inserted.
//! It answers its ATR and a few commands, and remembers what it was asked.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The ATR of a model that shipped profiles know: a Feitian ePass2003.
pub(crate) const EPASS: &str =
    "3B:9F:95:81:31:FE:9F:00:66:46:53:05:23:00:25:71:DF:00:00:00:00:00:02";
/// Longer than an ATR can be: the reader sees that a card is there, and cannot power it.
pub(crate) const MUTE: &str = "3B:9F:95:81:31:FE:9F:00:66:46:53:05:23:00:25:71:DF:00:00:00:00:00:02:\
                               00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00";

/// How long anything may take before the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What the reader asked of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    PowerOff,
    PowerOn,
    Reset,
    Atr,
    Command(Vec<u8>),
}

/// A card in a virtual reader; out again when it is removed or dropped.
#[derive(Debug)]
pub(crate) struct VirtualCard {
    line: TcpStream,
    asked: Receiver<Asked>,
    answering: Option<JoinHandle<()>>,
}

impl VirtualCard {
    /// Puts a card with this ATR (`3B:00`) into the reader that listens on this port.
    pub(crate) fn insert(port: u16, atr: &str) -> Self {
        let line = TcpStream::connect(("127.0.0.1", port)).unwrap();
        line.set_nodelay(true).unwrap();
        let theirs = line.try_clone().unwrap();
        let atr = hex::decode(atr.replace(':', "")).unwrap();
        let (tell, asked) = sync_channel(100_000);
        let answering = thread::Builder::new().spawn(move || {
            // It ends when the line does: the card was removed, or the reader is gone.
            while let Ok(request) = receive(&theirs) {
                let (what, answer) = answer(&request, &atr);
                if answer.is_some_and(|answer| send(&theirs, &answer).is_err()) {
                    return;
                }
                tell.send(what).ok();
            }
        });
        Self {
            line,
            asked,
            answering: Some(answering.unwrap()),
        }
    }

    /// Waits until the reader has powered the card and has its ATR.
    pub(crate) fn powered(&self) {
        for wanted in [Asked::PowerOn, Asked::Atr] {
            while self.asked.recv_timeout(DEADLINE).unwrap() != wanted {}
        }
    }

    /// Takes it out, and gives what it was asked since it was asked last.
    pub(crate) fn remove(mut self) -> Vec<Asked> {
        self.pull();
        self.asked.try_iter().collect()
    }

    fn pull(&mut self) {
        self.line.shutdown(Shutdown::Both).ok(); // The reader may be gone before.
        if let Some(answering) = self.answering.take() {
            answering.join().unwrap();
        }
    }
}

impl Drop for VirtualCard {
    fn drop(&mut self) {
        self.pull();
    }
}

/// A frame: two bytes of length, then so many.
fn receive(mut line: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    line.read_exact(&mut length)?;
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    line.read_exact(&mut frame)?;
    Ok(frame)
}

fn send(mut line: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    line.write_all(&[length.as_slice(), bytes].concat())
}

/// One byte is a control code, more are a command (ISO 7816-4).
fn answer(request: &[u8], atr: &[u8]) -> (Asked, Option<Vec<u8>>) {
    match request {
        [0] => (Asked::PowerOff, None),
        [1] => (Asked::PowerOn, None),
        [2] => (Asked::Reset, None),
        [4] => (Asked::Atr, Some(atr.to_owned())),
        command => {
            let status = match command {
                [_, 0xA4, ..] => vec![0x90, 0x00],
                [_, 0x84, ..] => vec![1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00],
                _ => vec![0x6D, 0x00],
            };
            (Asked::Command(command.to_owned()), Some(status))
        }
    }
}
