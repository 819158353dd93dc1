//! The line from the window to its desk: commands, and a bell that rings for each, so that the desk waits for
//! window and card readers at once.

use std::io::{self, Read as _, Write as _};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

use super::Command;

/// So many commands wait at most.
const WAITING: usize = 8;

/// The window's end. Once it is dropped the desk is let go.
#[derive(Debug)]
pub(in crate::ui) struct Commands {
    /// Dropped before the bell: who wakes by its end finds nobody.
    send: SyncSender<Command>,
    bell: UnixStream,
}

/// The desk's end.
#[derive(Debug)]
pub(in crate::ui) struct Inbox {
    receive: Receiver<Command>,
    bell: UnixStream,
}

/// Both ends.
///
/// # Errors
/// When the system gives no pipe.
pub(in crate::ui) fn line() -> io::Result<(Commands, Inbox)> {
    let (theirs, bell) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    bell.set_nonblocking(true)?;
    let (send, receive) = sync_channel(WAITING);
    let inbox = Inbox {
        receive,
        bell: theirs,
    };
    Ok((Commands { send, bell }, inbox))
}

impl Commands {
    /// Whether it is on its way. Does not wait.
    pub(in crate::ui) fn try_send(&self, command: Command) -> bool {
        let sent = self.send.try_send(command).is_ok();
        if sent {
            (&self.bell).write_all(&[1]).ok(); // A full pipe rings already.
        }
        sent
    }
}

impl Inbox {
    /// The next command. Ends without one after so long, or as soon as a card reader has news.
    pub(super) fn next(
        &self,
        limit: Duration,
        readers: Option<BorrowedFd<'_>>,
    ) -> Result<Command, RecvTimeoutError> {
        // What rang for a command that was taken already.
        self.hush();
        if let Some(told) = self.waiting() {
            return told;
        }
        let mut watched = vec![PollFd::new(&self.bell, PollFlags::IN)];
        watched.extend(
            readers
                .as_ref()
                .map(|bell| PollFd::new(bell, PollFlags::IN)),
        );
        let limit = Timespec::try_from(limit).ok();
        if let Err(error) = rustix::event::poll(&mut watched, limit.as_ref()) {
            tracing::debug!(%error, "a wait ended early");
        }
        self.waiting().unwrap_or(Err(RecvTimeoutError::Timeout))
    }

    fn waiting(&self) -> Option<Result<Command, RecvTimeoutError>> {
        match self.receive.try_recv() {
            Ok(command) => Some(Ok(command)),
            Err(TryRecvError::Disconnected) => Some(Err(RecvTimeoutError::Disconnected)),
            Err(TryRecvError::Empty) => None,
        }
    }

    fn hush(&self) {
        let mut rung = [0; 64];
        while (&self.bell).read(&mut rung).is_ok_and(|count| count > 0) {}
    }

    /// What waits, in a test that stands in for the desk.
    #[cfg(test)]
    pub(in crate::ui) fn try_iter(&self) -> impl Iterator<Item = Command> {
        self.receive.try_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;
    use std::thread;

    use super::*;
    use crate::ui::view::Left;

    const LONG: Duration = Duration::from_mins(10);

    #[test]
    fn a_command_a_reader_and_the_end_of_the_window_each_end_a_wait() {
        let (commands, inbox) = line().unwrap();
        for _ in 0..2 {
            assert!(commands.try_send(Command::EndOrder));
        }
        for _ in 0..2 {
            assert!(matches!(inbox.next(LONG, None), Ok(Command::EndOrder)));
        }
        // What rang for these two rings no more.
        let none = inbox.next(Duration::ZERO, None);
        assert!(matches!(none, Err(RecvTimeoutError::Timeout)));

        let (reader, mut rings) = UnixStream::pair().unwrap();
        rings.write_all(&[1]).unwrap();
        let told = inbox.next(LONG, Some(reader.as_fd()));
        assert!(matches!(told, Err(RecvTimeoutError::Timeout)));

        let desk = thread::Builder::new()
            .spawn(move || [inbox.next(LONG, None), inbox.next(LONG, None)])
            .unwrap();
        commands.try_send(Command::Leave(Left::SignedOut));
        drop(commands);
        let [left, ended] = desk.join().unwrap();
        assert!(matches!(left, Ok(Command::Leave(_))));
        assert!(matches!(ended, Err(RecvTimeoutError::Disconnected)));
    }
}
