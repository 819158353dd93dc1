//! `Checkpoint`: how far the audit log of a home had come, signed by an officer; its short code on
//! paper; and what a later log, or a neighbour's later checkpoint, says against it (D-49).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::audit::AuditHash;
use super::id::{HomeId, InstanceId};
use super::officer::{OfficerName, Post};
use super::timestamp::Timestamp;

/// Version of [`Checkpoint`]'s canonical bytes.
pub const VERSION: u32 = 1;
/// The checkpoint's `type`.
pub const TYPE: &str = "ukey-station/checkpoint";

/// How far a log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPosition {
    /// The home whose log it is.
    pub home: HomeId,
    /// The instance of the home: a restore begins a new one (D-52).
    pub instance: InstanceId,
    /// Which instance it is, from 1.
    pub epoch: u32,
    /// Number of rows.
    pub count: u64,
    /// Hash of the last row.
    pub head: AuditHash,
}

impl LogPosition {
    /// What stands on paper for it.
    pub fn code(&self) -> CheckpointCode {
        let [.., i0, i1, i2, i3] = *self.instance.as_bytes();
        let [h0, h1, h2, h3, h4, h5, ..] = self.head;
        CheckpointCode {
            instance: [i0, i1, i2, i3],
            epoch: self.epoch,
            count: self.count,
            head: [h0, h1, h2, h3, h4, h5],
        }
    }

    /// What this log says to a position that was seen before. `then` is the hash of the row with
    /// number `seen.count` in this log ([`super::audit::GENESIS`] for none), if there is one.
    pub fn against(&self, seen: &Self, then: Option<&AuditHash>) -> Standing {
        if seen.home != self.home {
            Standing::OtherHome
        } else if seen.epoch > self.epoch || seen.count > self.count {
            Standing::Shorter
        } else if seen.epoch == self.epoch && seen.instance != self.instance
            || then != Some(&seen.head)
        {
            Standing::Forked
        } else {
            Standing::Matches
        }
    }

    /// The same for a short code. `instances` are all that this home ever had, with their epochs:
    /// a code of none of them is another home's.
    pub fn against_code(
        &self,
        instances: &[(u32, InstanceId)],
        code: &CheckpointCode,
        then: Option<&AuditHash>,
    ) -> Standing {
        let ours = instances.iter().any(|(epoch, instance)| {
            *epoch == code.epoch && instance.as_bytes().ends_with(&code.instance)
        });
        if !ours {
            Standing::OtherHome
        } else if code.count > self.count {
            Standing::Shorter
        } else if then.is_some_and(|then| then.starts_with(&code.head)) {
            Standing::Matches
        } else {
            Standing::Forked
        }
    }
}

/// What a log says to a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The log holds the checkpoint: nothing before it was changed since.
    Matches,
    /// The log ends before the checkpoint: its end was cut off, or the whole store is an old one.
    Shorter,
    /// The log has come as far, with other rows.
    Forked,
    /// The checkpoint is of another home and says nothing.
    OtherHome,
}

impl Standing {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Shorter => "shorter",
            Self::Forked => "forked",
            Self::OtherHome => "other-home",
        }
    }
}

/// What an officer signs. Its bytes are JSON without white space, keys in alphabetical order (the
/// order of this struct), hashes in lower-case hex; [`Self::canonical`] and nothing else is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number of rows.
    pub count: u64,
    /// Which instance of the home, from 1.
    pub epoch: u32,
    /// Hash of the last row.
    #[serde(with = "hex::serde")]
    pub head: AuditHash,
    /// The home.
    pub home: HomeId,
    /// Its instance.
    pub instance: InstanceId,
    /// Who signs.
    pub officer: OfficerName,
    /// Their post.
    pub post: Post,
    /// When.
    pub time: Timestamp,
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// [`VERSION`].
    pub version: u32,
}

impl Checkpoint {
    /// A checkpoint of `position`, to be signed by `officer`.
    pub fn new(position: &LogPosition, officer: &OfficerName, post: Post, time: Timestamp) -> Self {
        let LogPosition {
            home,
            instance,
            epoch,
            count,
            head,
        } = *position;
        Self {
            count,
            epoch,
            head,
            home,
            instance,
            officer: officer.clone(),
            post,
            time,
            kind: TYPE.to_owned(),
            version: VERSION,
        }
    }

    /// How far the log had come.
    pub const fn position(&self) -> LogPosition {
        LogPosition {
            home: self.home,
            instance: self.instance,
            epoch: self.epoch,
            count: self.count,
            head: self.head,
        }
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// Never for a checkpoint of this type; `serde_json` cannot promise it.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a checkpoint and demands that it is in canonical form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let checkpoint: Self = serde_json::from_slice(bytes).ok()?;
        let same = checkpoint.canonical().ok()? == bytes;
        (same && checkpoint.kind == TYPE && checkpoint.version == VERSION).then_some(checkpoint)
    }
}

/// A position as it stands on a slip: `9f3c01ab-1-345-8d1f00c2a774`: the last eight digits of the
/// instance, epoch, count, and the first twelve digits of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointCode {
    instance: [u8; 4],
    epoch: u32,
    count: u64,
    head: [u8; 6],
}

/// A text that is no short code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a short code looks like 9f3c01ab-1-345-8d1f00c2a774")]
pub struct CheckpointCodeError;

impl CheckpointCode {
    /// Number of rows it speaks of.
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl fmt::Display for CheckpointCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            instance,
            epoch,
            count,
            head,
        } = self;
        let (instance, head) = (hex::encode(instance), hex::encode(head));
        write!(f, "{instance}-{epoch}-{count}-{head}")
    }
}

impl FromStr for CheckpointCode {
    type Err = CheckpointCodeError;

    /// Reads a code as a person types it from paper: capitals and white space around it do not
    /// matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
            hex::decode(text).ok()?.try_into().ok()
        }
        // `parse` alone would take a sign and leading zeros: one position, one code.
        fn number<T: FromStr + fmt::Display>(text: &str) -> Option<T> {
            let number: T = text.parse().ok()?;
            (number.to_string() == text).then_some(number)
        }
        fn read(text: &str) -> Option<CheckpointCode> {
            let mut parts = text.trim().split('-');
            let code = CheckpointCode {
                instance: octets(parts.next()?)?,
                epoch: number(parts.next()?)?,
                count: number(parts.next()?)?,
                head: octets(parts.next()?)?,
            };
            parts.next().is_none().then_some(code)
        }
        read(text).ok_or(CheckpointCodeError)
    }
}

/// What a position that a neighbour shows says to the newest that was kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourVerdict {
    /// The first of this home, or further on: keep it.
    Accept,
    /// The one that is kept.
    Same,
    /// The log was longer before, or was in a later instance: refuse.
    Shorter,
    /// Other rows, or another instance, where there were some already: refuse.
    Forked,
    /// The home was restored and has begun a new instance: refuse until it was told and two
    /// officers here have confirmed it.
    NewInstance,
}

impl NeighbourVerdict {
    /// Judges what a home shows (`seen`) by the newest position kept of the same home.
    pub fn judge(kept: Option<&LogPosition>, seen: &LogPosition) -> Self {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let Some(kept) = kept.filter(|kept| kept.home == seen.home) else {
            return Self::Accept;
        };
        let same_instance = seen.instance == kept.instance;
        match (seen.epoch.cmp(&kept.epoch), seen.count.cmp(&kept.count)) {
            // An instance has one epoch, and an epoch one instance.
            (Greater | Less, _) if same_instance => Self::Forked,
            (Equal, _) if !same_instance => Self::Forked,
            (Greater, _) => Self::NewInstance,
            (Less, _) | (Equal, Less) => Self::Shorter,
            (Equal, Greater) => Self::Accept,
            (Equal, Equal) if seen.head == kept.head => Self::Same,
            (Equal, Equal) => Self::Forked,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn position() -> LogPosition {
        LogPosition {
            home: HomeId::new(Uuid::from_u128(1)),
            instance: InstanceId::new(Uuid::from_u128(0x9f3c_01ab)),
            epoch: 2,
            count: 345,
            head: [0xab; 32],
        }
    }

    fn checkpoint() -> Checkpoint {
        let officer = OfficerName::parse("auditor").unwrap();
        let time = Timestamp::from_unix(1_795_507_200).unwrap();
        Checkpoint::new(&position(), &officer, Post::Auditor, time)
    }

    #[test]
    fn the_canonical_bytes_have_their_keys_in_order_and_are_the_only_form() {
        let bytes = checkpoint().canonical().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let keys: Vec<usize> = [
            "count", "epoch", "head", "home", "instance", "officer", "post", "time", "type",
            "version",
        ]
        .iter()
        .map(|key| text.find(&format!("\"{key}\":")).unwrap())
        .collect();
        assert!(keys.is_sorted(), "{text}");
        assert_eq!(Checkpoint::parse(&bytes), Some(checkpoint()));
        assert_eq!(checkpoint().position(), position());
        for other in [
            text.replacen(',', ", ", 1),
            text.replace("\"version\":1", "\"version\":2"),
            text.replace(TYPE, "ukey-station/approval"),
            text.replace("\"epoch\":2,", ""),
        ] {
            assert_eq!(Checkpoint::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_code_is_read_back_as_a_person_types_it_and_nothing_else_is_one() {
        let code = position().code();
        assert_eq!(code.to_string(), "9f3c01ab-2-345-abababababab");
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(" 9F3C01AB-2-345-ABABABABABAB\n".parse(), Ok(code));
        for wrong in [
            "",
            "-",
            "9f3c01ab-2-345",
            "9f3c01ab-2-345-ababababab",
            "9f3c01ab-2-345-abababababab-1",
            "9f3c01ab-+2-345-abababababab",
            "9f3c01ab-2-0345-abababababab",
            "9f3c01ab-2--345-abababababab",
            "9f3c01ag-2-345-abababababab",
            "9f3c01ab-2-99999999999999999999-abababababab",
            "９f3c01ab-2-345-abababababab",
        ] {
            assert_eq!(
                wrong.parse::<CheckpointCode>(),
                Err(CheckpointCodeError),
                "{wrong}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_code_or_is_refused_and_a_code_has_one_spelling(text in ".{0,60}") {
            if let Ok(code) = text.parse::<CheckpointCode>() {
                proptest::prop_assert_eq!(code.to_string(), text.trim().to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn a_log_says_whether_it_holds_is_shorter_than_or_forks_from_a_checkpoint() {
        let log = LogPosition {
            count: 400,
            head: [1; 32],
            ..position()
        };
        let then = Some(&[0xab; 32]);
        let seen = position();
        assert_eq!(log.against(&seen, then), Standing::Matches);
        assert_eq!(log.against(&seen, Some(&[2; 32])), Standing::Forked);
        assert_eq!(log.against(&seen, None), Standing::Forked);
        let rolled_back = LogPosition { count: 344, ..log };
        assert_eq!(rolled_back.against(&seen, None), Standing::Shorter);
        let before_the_restore = LogPosition { epoch: 1, ..log };
        assert_eq!(before_the_restore.against(&seen, then), Standing::Shorter);
        let twin = LogPosition {
            instance: InstanceId::new(Uuid::from_u128(7)),
            ..log
        };
        assert_eq!(twin.against(&seen, then), Standing::Forked);
        let restored = LogPosition { epoch: 3, ..twin };
        assert_eq!(restored.against(&seen, then), Standing::Matches);
        let other = LogPosition {
            home: HomeId::new(Uuid::from_u128(2)),
            ..log
        };
        assert_eq!(other.against(&seen, then), Standing::OtherHome);
    }

    #[test]
    fn a_log_says_the_same_to_a_short_code() {
        let log = LogPosition {
            count: 400,
            head: [1; 32],
            ..position()
        };
        let (first, now) = (InstanceId::new(Uuid::from_u128(5)), log.instance);
        let instances = [(1, first), (2, now)];
        let code = position().code();
        let say = |log: &LogPosition, then| log.against_code(&instances, &code, then);
        assert_eq!(say(&log, Some(&[0xab; 32])), Standing::Matches);
        assert_eq!(say(&log, Some(&[2; 32])), Standing::Forked);
        let rolled_back = LogPosition { count: 3, ..log };
        assert_eq!(say(&rolled_back, None), Standing::Shorter);
        let before_the_restore = LogPosition {
            epoch: 1,
            instance: first,
            ..position()
        };
        assert_eq!(
            log.against_code(&instances, &before_the_restore.code(), Some(&[0xab; 32])),
            Standing::Matches
        );
        assert_eq!(
            log.against_code(&[(1, first)], &code, Some(&[0xab; 32])),
            Standing::OtherHome
        );
    }

    #[test]
    fn a_neighbour_s_log_only_grows() {
        use NeighbourVerdict as Verdict;
        let kept = position();
        let other = InstanceId::new(Uuid::from_u128(7));
        let cases = [
            (kept, Verdict::Same),
            (LogPosition { count: 346, ..kept }, Verdict::Accept),
            (LogPosition { count: 344, ..kept }, Verdict::Shorter),
            (
                LogPosition {
                    head: [1; 32],
                    ..kept
                },
                Verdict::Forked,
            ),
            (
                LogPosition {
                    instance: other,
                    count: 346,
                    ..kept
                },
                Verdict::Forked,
            ),
            (
                LogPosition {
                    instance: other,
                    epoch: 3,
                    count: 9,
                    ..kept
                },
                Verdict::NewInstance,
            ),
            (
                LogPosition {
                    instance: other,
                    epoch: 1,
                    count: 999,
                    ..kept
                },
                Verdict::Shorter,
            ),
            (
                LogPosition {
                    epoch: 3,
                    count: 346,
                    ..kept
                },
                Verdict::Forked,
            ),
        ];
        for (seen, verdict) in cases {
            assert_eq!(Verdict::judge(Some(&kept), &seen), verdict, "{seen:?}");
        }
        assert_eq!(Verdict::judge(None, &kept), Verdict::Accept);
        let stranger = LogPosition {
            home: HomeId::new(Uuid::from_u128(2)),
            ..kept
        };
        assert_eq!(Verdict::judge(Some(&kept), &stranger), Verdict::Accept);
    }
}
