//! Three short tones for who looks at the hub and not at the window (D-28). They are made here and played by
//! a program of the system in a thread of its own: no frame waits, and a computer without such a program is
//! silent.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{env, thread};

use crate::domain::stock_check::Verdict;
use crate::station::report::Outcome;
use crate::workflow::journal::Wait;

/// What a tone says, the least serious first. An ear tells them apart by how many notes there are, and by
/// their height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Counted, or made: the next one.
    Good,
    /// Something is to be looked at.
    Attention,
    /// Refused, or a ukey is wanted now.
    Stopped,
}

impl Tone {
    pub(super) const ALL: [Self; 3] = [Self::Good, Self::Attention, Self::Stopped];

    /// The wording's key is `tone-` and this word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Stopped => "stopped",
        }
    }

    /// Hertz and milliseconds of each note.
    const fn notes(self) -> &'static [(f32, u32)] {
        match self {
            Self::Good => &[(1047.0, 140)],
            Self::Attention => &[(659.0, 110), (659.0, 110)],
            Self::Stopped => &[(523.0, 140), (440.0, 140), (349.0, 220)],
        }
    }
}

/// As the verdict's colour says it; one that is not counted anew is looked at.
impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Found => Self::Good,
            Verdict::Duplicate | Verdict::OfOfficer | Verdict::Unreadable => Self::Attention,
            Verdict::Twice
            | Verdict::Unknown
            | Verdict::WrongState
            | Verdict::NotBlank
            | Verdict::SoLocked
            | Verdict::WrongModel
            | Verdict::ForeignObjects => Self::Stopped,
        }
    }
}

impl From<&Outcome> for Tone {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Issued => Self::Good,
            Outcome::Pending(Wait::Ukey { .. })
            | Outcome::Refused(_)
            | Outcome::Fault(_)
            | Outcome::Failed(..) => Self::Stopped,
            Outcome::Pending(
                Wait::Certificate | Wait::CsrOnly | Wait::CaUnlock | Wait::UserPin,
            )
            | Outcome::Question(_)
            | Outcome::WrittenOff
            | Outcome::GivenUp => Self::Attention,
        }
    }
}

/// Where tones go: to who plays them, or nowhere.
#[derive(Clone, Debug)]
pub(super) struct Sound(Option<SyncSender<Tone>>);

/// A program that plays a file, and what it is told before it.
type Player = (&'static str, &'static [&'static str]);

/// The players of the sound systems of Linux. One whose sound system does not run fails, and the next is
/// asked.
const PLAYERS: [Player; 3] = [("pw-play", &[]), ("paplay", &[]), ("aplay", &["--quiet"])];
/// So many tones may wait while one is played: more than ukeys answer, or a scanner types, in half a second.
const WAITING: usize = 1024;

impl Sound {
    /// Nobody hears anything.
    pub(super) const fn silent() -> Self {
        Self(None)
    }

    /// To who takes them from the channel's other end.
    pub(super) const fn to(player: SyncSender<Tone>) -> Self {
        Self(Some(player))
    }

    /// By the players of this system; the thread ends when this is dropped.
    pub(super) fn of_system() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let players: Vec<Player> = PLAYERS
            .into_iter()
            .filter(|(name, _before)| is_installed(name, &path))
            .collect();
        if players.is_empty() {
            return Self::silent();
        }
        let (ask, asked) = sync_channel(WAITING);
        let work = move || serve(&asked, |tone| play(&players, tone));
        match thread::Builder::new().name("sound".to_owned()).spawn(work) {
            Ok(_runs_on) => Self::to(ask),
            Err(error) => {
                tracing::warn!(%error, "there will be no tones");
                Self::silent()
            }
        }
    }

    /// Whether anybody plays.
    pub(super) const fn is_played(&self) -> bool {
        self.0.is_some()
    }

    /// Has a tone played. Does not wait.
    pub(super) fn ask(&self, tone: Tone) {
        if let Some(player) = &self.0 {
            player.try_send(tone).ok(); // Who plays has ended, or hangs: silence is all there is.
        }
    }
}

fn is_installed(name: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder: PathBuf| folder.join(name).is_file())
}

/// Plays what is asked for, one after another. What came while a tone was played is one tone, the most
/// serious: sixteen ukeys on a hub answer within a second.
fn serve(asked: &Receiver<Tone>, mut play: impl FnMut(Tone)) {
    let mut next = asked.recv().ok();
    while let Some(tone) = next {
        play(tone);
        next = asked.try_iter().max().or_else(|| asked.recv().ok());
    }
}

fn play(players: &[Player], tone: Tone) {
    let played = file(tone).map(|file| {
        players
            .iter()
            .any(|player| has_played(player, &file).unwrap_or(false))
    });
    if !matches!(played, Ok(true)) {
        tracing::debug!(?tone, "no player played it");
    }
}

/// A file without a name: nothing is left behind, however the program ends.
fn file(tone: Tone) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(&wave(tone))?;
    Ok(file)
}

/// By a file and not by a pipe: not every player reads a wave from a pipe.
fn has_played((name, before): &Player, mut file: &File) -> io::Result<bool> {
    file.rewind()?;
    let mut command = Command::new(name);
    command
        .args(*before)
        .arg("/dev/stdin")
        .stdin(file.try_clone()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command.status()?.success())
}

/// Samples a millisecond, of one channel.
const PER_MS: u32 = 48;
const PAUSE_MS: u32 = 50;
/// A note begins and ends softly: a sudden edge is a click.
const RISE_MS: u32 = 5;
const FALL_MS: u32 = 60;
/// Of the loudest there is.
const LOUD: f32 = 0.4;

/// The tone as a WAV file: 16 bits, one channel.
fn wave(tone: Tone) -> Vec<u8> {
    let mut samples: Vec<i16> = Vec::new();
    for (at, (hertz, ms)) in tone.notes().iter().enumerate() {
        let pause = if at > 0 { PAUSE_MS * PER_MS } else { 0 };
        samples.extend((0..pause).map(|_| 0));
        samples.extend(note(*hertz, *ms));
    }
    let rate = PER_MS * 1000;
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let size = u32::try_from(bytes.len()).unwrap_or_default(); // A second of sound.
    let mut wave = Vec::with_capacity(bytes.len() + 44);
    wave.extend(b"RIFF");
    wave.extend((size + 36).to_le_bytes());
    wave.extend(b"WAVEfmt ");
    wave.extend(16_u32.to_le_bytes());
    wave.extend(1_u16.to_le_bytes()); // Plain samples.
    wave.extend(1_u16.to_le_bytes()); // Channels.
    wave.extend(rate.to_le_bytes());
    wave.extend((rate * 2).to_le_bytes()); // Bytes a second.
    wave.extend(2_u16.to_le_bytes()); // Bytes a sample.
    wave.extend(16_u16.to_le_bytes()); // Bits a sample.
    wave.extend(b"data");
    wave.extend(size.to_le_bytes());
    wave.extend(bytes);
    wave
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a few thousand samples, each between the least and the largest of 16 bits"
)]
fn note(hertz: f32, ms: u32) -> impl Iterator<Item = i16> {
    let count = ms * PER_MS;
    (0..count).map(move |at| {
        let edge = |from: u32, ms: u32| (from as f32 / (ms * PER_MS) as f32).min(1.0);
        let loud = LOUD * edge(at, RISE_MS).min(edge(count - at, FALL_MS));
        let turns = hertz * at as f32 / (PER_MS * 1000) as f32;
        let swing = (turns * std::f32::consts::TAU).sin();
        (swing * loud * f32::from(i16::MAX)) as i16
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// As another library reads it.
    fn read(wave: Vec<u8>) -> (hound::WavSpec, Vec<i16>) {
        let mut reader = hound::WavReader::new(Cursor::new(wave)).unwrap();
        let samples = reader.samples().collect::<Result<_, _>>().unwrap();
        (reader.spec(), samples)
    }

    /// How many times it is heard: what stands between silences.
    fn notes(samples: &[i16]) -> usize {
        let silent = usize::try_from(PAUSE_MS * PER_MS / 2).unwrap();
        let heard = |part: &&[i16]| part.iter().any(|sample| sample.abs() > 1000);
        let parts: Vec<_> = samples.chunks(silent).collect();
        let loud: Vec<bool> = parts.iter().map(heard).collect();
        loud.split(|loud| !loud)
            .filter(|run| !run.is_empty())
            .count()
    }

    #[test]
    fn each_tone_is_a_wave_that_another_library_reads_and_an_ear_tells_from_the_others() {
        for (tone, count) in Tone::ALL.into_iter().zip(1..) {
            let (spec, samples) = read(wave(tone));
            assert_eq!((spec.channels, spec.bits_per_sample), (1, 16));
            assert_eq!(spec.sample_rate, 48_000);
            let ms: u32 = tone.notes().iter().map(|(_hertz, ms)| ms).sum();
            let pauses = u32::try_from(tone.notes().len()).unwrap() - 1;
            let expected = (ms + pauses * PAUSE_MS) * PER_MS;
            assert_eq!(u32::try_from(samples.len()).unwrap(), expected);
            assert_eq!(notes(&samples), count, "{tone:?}");
            let least_edge = [samples.first(), samples.last()];
            assert!(
                least_edge.iter().all(|edge| edge.unwrap().abs() < 300),
                "no click"
            );
        }
    }

    #[test]
    fn what_came_while_a_tone_was_played_is_one_tone_and_the_most_serious() {
        let (ask, asked) = sync_channel(WAITING);
        let mut sound = Some(Sound::to(ask));
        if let Some(sound) = &sound {
            sound.ask(Tone::Good);
        }
        let mut heard = Vec::new();
        serve(&asked, |tone| {
            heard.push(tone);
            // A hub answers while the first sounds; then the window is closed.
            if let Some(sound) = sound.take() {
                for tone in [Tone::Good, Tone::Stopped, Tone::Attention, Tone::Good] {
                    sound.ask(tone);
                }
            }
        });
        assert_eq!(heard, [Tone::Good, Tone::Stopped]);
    }

    #[test]
    fn the_next_player_is_asked_when_one_is_missing_or_fails_and_each_reads_the_whole_wave() {
        let dir = tempfile::tempdir().unwrap();
        let heard = dir.path().join("heard.wav");
        let script: &'static str = format!("cat \"$0\" > {}", heard.display()).leak();
        let before: &'static [&'static str] = vec!["-c", script].leak();
        let players: [Player; 3] = [("no-such-player", &[]), ("false", &[]), ("sh", before)];
        for tone in Tone::ALL {
            play(&players, tone);
            assert_eq!(std::fs::read(&heard).unwrap(), wave(tone));
        }
        play(&players[..2], Tone::Good); // Nobody plays it: nothing happens.
    }

    #[test]
    fn a_player_is_there_when_it_lies_on_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = env::join_paths([dir.path()]).unwrap();
        assert!(!is_installed("aplay", &path));
        std::fs::write(dir.path().join("aplay"), "").unwrap();
        assert!(is_installed("aplay", &path));
    }
}
