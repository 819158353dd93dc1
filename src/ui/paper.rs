//! Takes papers out of the window: to the printer, else to the program of the system that shows PDF.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io, thread};

use super::{Shared, lock};

/// Where papers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// Printer and viewer of this system.
    System,
    /// They stay where they were written.
    Nowhere,
}

/// What became of papers that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The printer has them.
    Printed,
    /// They are shown: a person prints them.
    Shown,
    /// They lie in their files.
    Left,
}

impl Outside {
    /// Prints these, or shows them, and tells it in the view; the window does not wait.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn send(
        self,
        papers: Vec<PathBuf>,
        view: Shared,
        repaint: impl Fn() + Send + 'static,
    ) -> io::Result<()> {
        let work = move || {
            let sent = match self {
                Self::Nowhere => Sent::Left,
                Self::System => print(&printer(), &papers)
                    .or_else(|| show(&viewer(), &papers))
                    .unwrap_or(Sent::Left),
            };
            if let Some(slip) = &mut lock(&view).slip {
                slip.sent = Some(sent);
            }
            repaint();
        };
        let started = thread::Builder::new().name("paper".to_owned()).spawn(work);
        started.map(|_running| ())
    }

    /// Shows this one, as a person asked.
    pub(super) fn show(self, paper: &Path) {
        if self == Self::System {
            open(&viewer(), paper);
        }
    }
}

/// A program and what it is told before the file.
type Program = (OsString, Vec<OsString>);

fn program(name: &str, before: &[&str]) -> Program {
    (name.into(), before.iter().map(OsString::from).collect())
}

fn printer() -> Program {
    if cfg!(windows) {
        let verb = "Start-Process -Verb Print -FilePath $args[0]";
        program("powershell", &["-NoProfile", "-Command", verb])
    } else {
        program("lp", &["--"])
    }
}

fn viewer() -> Program {
    if cfg!(windows) {
        program("explorer", &[])
    } else if cfg!(target_os = "macos") {
        program("open", &[])
    } else {
        program("xdg-open", &[])
    }
}

/// Prints all, or none is said to be printed; a letter with a PIN goes once the printer has it.
fn print((name, before): &Program, papers: &[PathBuf]) -> Option<Sent> {
    for paper in papers {
        let taken = command(name, before, paper).status().ok()?.success();
        if !taken {
            return None;
        }
    }
    for letter in papers.iter().filter(|paper| is_pin_letter(paper)) {
        if let Err(error) = fs::remove_file(letter) {
            tracing::warn!(%error, "a printed PIN letter was not removed");
        }
    }
    Some(Sent::Printed)
}

/// Whether the PIN of a holder stands in it.
pub(super) fn is_pin_letter(paper: &Path) -> bool {
    let name = paper.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.ends_with(".pin.pdf"))
}

/// Opens the first; a letter with a PIN never opens by itself.
fn show(viewer: &Program, papers: &[PathBuf]) -> Option<Sent> {
    let paper = papers.iter().find(|paper| !is_pin_letter(paper))?;
    open(viewer, paper)
}

fn open((name, before): &Program, paper: &Path) -> Option<Sent> {
    let mut child = command(name, before, paper).spawn().ok()?;
    let wait = move || {
        child.wait().ok(); // It is the system's; it only has to be reaped.
    };
    let waits = thread::Builder::new().name("viewer".to_owned()).spawn(wait);
    waits.is_ok().then_some(Sent::Shown)
}

fn command(name: &OsStr, before: &[OsString], paper: &Path) -> Command {
    let mut command = Command::new(name);
    command
        .args(before)
        .arg(paper)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slip, and the letter beside it.
    fn papers(dir: &Path) -> Vec<PathBuf> {
        let papers = ["slip-1.pdf", "slip-1.pin.pdf"].map(|name| dir.join(name));
        for paper in &papers {
            fs::write(paper, "%PDF").unwrap();
        }
        papers.to_vec()
    }

    #[test]
    fn a_letter_goes_once_the_printer_has_it_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let papers = papers(dir.path());
        for refuses in ["false", "no-such-printer"] {
            assert_eq!(print(&program(refuses, &[]), &papers), None);
            assert!(papers.iter().all(|paper| paper.exists()), "{refuses}");
        }
        // It reads both, as a printer does.
        assert_eq!(
            print(&program("cat", &["--"]), &papers),
            Some(Sent::Printed)
        );
        assert_eq!(
            papers
                .iter()
                .map(|paper| paper.exists())
                .collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[test]
    fn a_letter_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let papers = papers(dir.path());
        assert_eq!(show(&program("true", &[]), &papers), Some(Sent::Shown));
        assert_eq!(show(&program("true", &[]), &papers[1..]), None);
        assert_eq!(show(&program("no-such-viewer", &[]), &papers), None);
    }
}
