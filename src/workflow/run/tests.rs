//! The run against a model ukey: whatever fails, it ends, waits or asks, and never wastes.

use proptest::prelude::*;

mod renewal;
mod simulation;

use super::*;
use crate::domain::key::KeyAlgorithm;
use crate::workflow::journal::{
    KeysSeen, LabelSeen, ObjectsFound, PinSeen, PinSource, Probe, SoPinFound, TriesSeen,
};

const PLAN: Plan = Plan {
    algorithm: KeyAlgorithm::EcP256,
    until: Until::Proven,
    so_pin: SoPinSupport::Settable,
    user_pin: PinSource::Random,
    making: Making::New,
};

/// What happens to the step in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Works,
    FailsBefore(Kind),
    FailsAfter(Kind),
    /// The station dies before or after the ukey did it.
    LostBefore,
    LostAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Removed,
    Device,
    WorkerDied,
    Deadline,
}

impl Kind {
    fn fault(self) -> Fault {
        Fault::new(match self {
            Self::Removed => FaultKind::Removed,
            Self::Device => FaultKind::Device,
            Self::WorkerDied => FaultKind::WorkerDied {
                how: "signal 9".to_owned(),
            },
            Self::Deadline => FaultKind::Deadline { secs: 1 },
        })
    }
}

/// What a run is driven against: the truth that it has to find out.
trait Model {
    /// Does what the step does to ukey and CA, and tells what it found.
    fn perform(&mut self, step: Step, run: &Run) -> Finding;

    /// What holds between any two steps.
    fn check(&self) {}
}

impl Model for Bench {
    fn perform(&mut self, step: Step, run: &Run) -> Finding {
        self.do_step(step, run)
    }
}

/// A ukey and a CA as simple as can be: the truth that the run has to find out.
#[derive(Debug, Default)]
struct Bench {
    initialised: bool,
    so_pin_new: bool,
    so_low: bool,
    user_pin: bool,
    keys: Vec<PublicKeyDer>,
    keys_made: u8,
    certificates: Vec<PublicKeyDer>,
    issued: Vec<PublicKeyDer>,
    wrong_so_tries: u32,
    initialised_times: u32,
}

impl Bench {
    /// Does what the step does to ukey and CA, and tells what it found.
    fn do_step(&mut self, step: Step, run: &Run) -> Finding {
        match step {
            Step::InitToken => {
                let before = (self.initialised, self.so_pin_new);
                assert!(
                    before != (true, false),
                    "an SO PIN in doubt was used to wipe"
                );
                *self = Self {
                    initialised: true,
                    so_pin_new: self.so_pin_new,
                    keys_made: self.keys_made,
                    issued: std::mem::take(&mut self.issued),
                    wrong_so_tries: self.wrong_so_tries,
                    initialised_times: self.initialised_times + 1,
                    ..Self::default()
                };
            }
            Step::SetSoPin => {
                assert!(
                    !self.so_pin_new,
                    "the old SO PIN was tried on a ukey that has the new"
                );
                self.so_pin_new = true;
                self.so_low = false;
            }
            Step::InitUserPin => {
                assert!(self.so_pin_new);
                self.user_pin = true;
            }
            Step::LogIn => assert!(self.user_pin),
            Step::GenerateKeyPair => {
                assert!(self.keys.is_empty(), "a second key pair beside the first");
                self.keys_made += 1;
                self.keys.push(PublicKeyDer::new(vec![self.keys_made]));
                return Finding::Key(self.keys[0].clone());
            }
            Step::ReadAttributes => return Finding::Key(self.keys[0].clone()),
            Step::Issue => {
                let key = run.public_key().unwrap();
                // The station's intent makes this idempotent per key.
                if !self.issued.contains(key) {
                    self.issued.push(key.clone());
                }
            }
            Step::WriteCertificate => {
                assert!(
                    self.certificates.is_empty(),
                    "a second certificate beside the first"
                );
                self.certificates.push(self.issued[0].clone());
            }
            Step::ReadBack | Step::ProveCertificate => {
                assert_eq!(self.certificates, self.keys);
            }
            Step::ClearCertificates => self.certificates.clear(),
            Step::Probe => return Finding::Probed(self.probe()),
            Step::FindSoPin => {
                assert!(
                    !self.so_low,
                    "an SO PIN was tried although a try was missing"
                );
                if self.so_pin_new {
                    return Finding::SoPin(SoPinFound::New);
                }
                self.wrong_so_tries += 1;
                return Finding::SoPin(SoPinFound::Old);
            }
            Step::Inventory => {
                return Finding::Objects(ObjectsFound {
                    keys: match self.keys.as_slice() {
                        [] => KeysSeen::Empty,
                        [key] => KeysSeen::Pair(key.clone()),
                        _ => KeysSeen::Broken,
                    },
                    certificates: certificates_seen(&self.certificates, &self.issued),
                });
            }
            Step::VerifyApproval
            | Step::Identify
            | Step::CheckBlank
            | Step::SealPins
            | Step::MakeCsr
            | Step::ProvePossession
            | Step::WriteChain
            | Step::EraseSecrets
            | Step::Slip => {}
            Step::CheckRenewal
            | Step::ProveOld
            | Step::RevokeOld
            | Step::DestroyOld
            | Step::ProveGone
            | Step::ClearKeys => panic!("{step:?} is no step of a first making"),
        }
        Finding::Done
    }

    fn probe(&self) -> Probe {
        Probe {
            label: if self.initialised {
                LabelSeen::ThisRun
            } else {
                LabelSeen::Blank
            },
            user_pin: if self.user_pin {
                PinSeen::Set(TriesSeen::Untouched)
            } else {
                PinSeen::Unset
            },
            so_pin: if self.so_low {
                TriesSeen::Low
            } else {
                TriesSeen::Untouched
            },
        }
    }
}

/// Drives a run to its end; `luck` says what happens to each step, then everything works.
fn drive(plan: Plan, luck: &[Luck]) -> (Next, Bench, Vec<Entry>) {
    drive_model(Bench::default(), plan, luck)
}

/// The same against any model.
fn drive_model<M: Model>(mut bench: M, plan: Plan, luck: &[Luck]) -> (Next, M, Vec<Entry>) {
    let mut run = Run::new(plan);
    let mut journal = vec![Entry::Opened(plan)];
    let mut luck = luck.iter().copied();
    let write = |run: &mut Run, journal: &mut Vec<Entry>, entry: Entry| {
        run.handle(&entry).unwrap();
        journal.push(entry);
        let replayed = Run::replay(journal.iter()).unwrap().unwrap();
        assert_eq!(
            &replayed, run,
            "replay of the journal differs from the live run"
        );
    };
    for _ in 0..400 {
        let step = match run.next() {
            Next::Perform(step) => step,
            Next::Wait(Wait::Ukey { .. }) => {
                write(&mut run, &mut journal, Entry::Resumed);
                continue;
            }
            other => return (other, bench, journal),
        };
        let opened = run.is_opened();
        write(&mut run, &mut journal, Entry::Started(step));
        let luck = if opened {
            luck.next().unwrap_or(Luck::Works)
        } else {
            Luck::Works
        };
        let failed = |kind: Kind| Entry::Failed(step, Failure::Ukey(kind.fault()));
        let entry = match luck {
            Luck::Works => Entry::Done(step, bench.perform(step, &run)),
            Luck::LostBefore => Entry::Resumed,
            Luck::LostAfter => {
                bench.perform(step, &run);
                Entry::Resumed
            }
            Luck::FailsBefore(_) | Luck::FailsAfter(_) if !step.touches_ukey() => {
                Entry::Done(step, bench.perform(step, &run))
            }
            Luck::FailsBefore(kind) => failed(kind),
            Luck::FailsAfter(kind) => {
                bench.perform(step, &run);
                failed(kind)
            }
        };
        write(&mut run, &mut journal, entry);
        bench.check();
    }
    panic!("the run neither ended nor asked: {:?}", run.next());
}

fn assert_proven(next: &Next, bench: &Bench) {
    assert_eq!(*next, Next::Ended(End::Proven));
    assert_eq!(bench.issued.len(), 1, "one request, one certificate");
    assert_eq!(bench.keys, bench.issued);
    assert_eq!(bench.certificates, bench.issued);
}

fn assert_no_destruction_without_a_look(journal: &[Entry]) {
    let mut looked = true;
    for entry in journal {
        match entry {
            Entry::Started(Step::InitToken | Step::GenerateKeyPair | Step::WriteCertificate) => {
                assert!(
                    looked,
                    "destructive step without a look at the ukey: {journal:?}"
                );
            }
            Entry::Failed(step, _) if step.touches_ukey() => looked = false,
            Entry::Resumed => looked = false,
            Entry::Done(Step::Probe, _) => looked = true,
            _ => {}
        }
    }
}

/// What an inventory says of the certificates on a model ukey.
fn certificates_seen(there: &[PublicKeyDer], issued: &[PublicKeyDer]) -> CertificatesSeen {
    match there {
        [] => CertificatesSeen::Empty,
        [key] if issued.contains(key) => CertificatesSeen::Ours,
        _ => CertificatesSeen::Wrong,
    }
}

#[test]
fn a_run_without_faults_takes_the_steps_of_d_34_in_order() {
    let (next, bench, journal) = drive(PLAN, &[]);
    assert_proven(&next, &bench);
    let steps: Vec<Step> = journal
        .iter()
        .filter_map(|entry| match entry {
            Entry::Started(step) => Some(*step),
            _ => None,
        })
        .collect();
    assert_eq!(steps, Step::ORDER);
}

#[test]
fn one_loss_at_any_step_still_ends_in_one_proven_ukey() {
    for at in 0..Step::ORDER.len() {
        for luck in [
            Luck::LostBefore,
            Luck::LostAfter,
            Luck::FailsBefore(Kind::Removed),
            Luck::FailsAfter(Kind::Removed),
            Luck::FailsBefore(Kind::WorkerDied),
            Luck::FailsAfter(Kind::Deadline),
        ] {
            let mut script = vec![Luck::Works; at];
            script.push(luck);
            let (next, bench, journal) = drive(PLAN, &script);
            assert_proven(&next, &bench);
            assert_eq!(
                bench.initialised_times, 1,
                "the ukey was wiped twice: {luck:?} at {at}"
            );
            assert_no_destruction_without_a_look(&journal);
        }
    }
}

#[test]
fn a_run_until_the_csr_stops_there_and_looks_at_its_ukey_before_it_asks_the_ca() {
    let (next, bench, mut journal) = drive(
        Plan {
            until: Until::Csr,
            ..PLAN
        },
        &[],
    );
    assert_eq!(next, Next::Wait(Wait::CsrOnly));
    assert!(bench.issued.is_empty());
    journal.push(Entry::Resumed);
    let run = Run::replay(journal.iter()).unwrap().unwrap();
    assert_eq!(run.next(), Next::Perform(Step::Probe));
}

#[test]
fn a_wrong_pin_is_never_tried_again_by_the_program() {
    for step in [Step::InitToken, Step::SetSoPin, Step::LogIn] {
        let mut run = Run::new(PLAN);
        while run.next() != Next::Perform(step) {
            let Next::Perform(before) = run.next() else {
                panic!("{:?}", run.next())
            };
            run.handle(&Entry::Started(before)).unwrap();
            run.handle(&Entry::Done(before, Finding::Done)).unwrap();
        }
        run.handle(&Entry::Started(step)).unwrap();
        let fault = Fault::new(FaultKind::PinIncorrect);
        run.handle(&Entry::Failed(step, Failure::Ukey(fault)))
            .unwrap();
        run.handle(&Entry::Resumed).unwrap();
        assert!(
            matches!(run.next(), Next::Ask(_)),
            "{step:?}: {:?}",
            run.next()
        );
    }
}

#[test]
fn a_refusal_before_the_ukey_was_touched_leaves_nothing_begun() {
    for step in [Step::VerifyApproval, Step::Identify, Step::CheckBlank] {
        let mut run = Run::new(PLAN);
        while run.next() != Next::Perform(step) {
            let Next::Perform(before) = run.next() else {
                panic!("{:?}", run.next())
            };
            run.handle(&Entry::Started(before)).unwrap();
            run.handle(&Entry::Done(before, Finding::Done)).unwrap();
        }
        let refused = Failure::Refused {
            code: "ukey-not-blank".to_owned(),
        };
        run.handle(&Entry::Started(step)).unwrap();
        run.handle(&Entry::Failed(step, refused.clone())).unwrap();
        assert_eq!(run.next(), Next::Ended(End::Refused(refused)));
    }
}

#[test]
fn a_key_that_vanished_after_the_csr_left_is_a_question_and_before_it_is_not() {
    let look = |keys: KeysSeen| {
        Finding::Objects(ObjectsFound {
            keys,
            certificates: CertificatesSeen::Empty,
        })
    };
    let (_, _, journal) = drive(PLAN, &[]);
    let cut_at = |step: Step| {
        let end = journal
            .iter()
            .position(|entry| *entry == Entry::Started(step))
            .unwrap();
        let mut run = Run::replay(&journal[..=end]).unwrap().unwrap();
        run.handle(&Entry::Resumed).unwrap();
        run
    };
    let recover = |run: &mut Run| {
        for (step, finding) in [
            (
                Step::Probe,
                Finding::Probed(Probe {
                    label: LabelSeen::ThisRun,
                    user_pin: PinSeen::Set(TriesSeen::Untouched),
                    so_pin: TriesSeen::Untouched,
                }),
            ),
            (Step::LogIn, Finding::Done),
            (Step::Inventory, look(KeysSeen::Empty)),
        ] {
            run.handle(&Entry::Started(step)).unwrap();
            run.handle(&Entry::Done(step, finding)).unwrap();
        }
    };
    let mut before = cut_at(Step::MakeCsr);
    recover(&mut before);
    assert_eq!(before.next(), Next::Perform(Step::InitToken));

    let mut after = cut_at(Step::WriteCertificate);
    recover(&mut after);
    let Next::Ask(question) = after.next() else {
        panic!("{:?}", after.next())
    };
    assert_eq!(question.about, About::KeyGone);
    assert_eq!(question.answers, [Answer::TryAgain, Answer::WriteOff]);
}

#[test]
fn an_entry_that_cannot_follow_is_refused_and_changes_nothing() {
    let mut run = Run::new(PLAN);
    let before = run.clone();
    for entry in [
        Entry::Opened(PLAN),
        Entry::Started(Step::InitToken),
        Entry::Done(Step::VerifyApproval, Finding::Done),
        Entry::Answered(Answer::WriteOff),
    ] {
        assert_eq!(run.handle(&entry).unwrap_err().index, 1);
        assert_eq!(run, before);
    }
}

fn luck() -> impl Strategy<Value = Luck> {
    let kind = prop_oneof![
        Just(Kind::Removed),
        Just(Kind::Device),
        Just(Kind::WorkerDied),
        Just(Kind::Deadline),
    ];
    prop_oneof![
        6 => Just(Luck::Works),
        1 => kind.clone().prop_map(Luck::FailsBefore),
        1 => kind.prop_map(Luck::FailsAfter),
        1 => Just(Luck::LostBefore),
        1 => Just(Luck::LostAfter),
    ]
}

proptest! {
    /// Any script of faults ends in a proven ukey or a question; the bench asserts on the way that
    /// no key or certificate is doubled and no SO PIN is tried with a try missing.
    #[test]
    fn any_fault_script_ends_or_asks(script in proptest::collection::vec(luck(), 0..40)) {
        let (next, bench, journal) = drive(PLAN, &script);
        assert_no_destruction_without_a_look(&journal);
        prop_assert!(bench.issued.len() <= 1, "two certificates for one request");
        match next {
            Next::Ended(End::Proven) => assert_proven(&next, &bench),
            Next::Ask(question) => prop_assert!(!question.answers.is_empty()),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// Every prefix of a journal, with the station dead after it, ends the same way.
    #[test]
    fn a_restart_after_any_prefix_is_recoverable(
        script in proptest::collection::vec(luck(), 0..30),
        cut in 1..60_usize,
    ) {
        let (_, _, journal) = drive(PLAN, &script);
        let prefix = &journal[..cut.min(journal.len())];
        let mut run = Run::replay(prefix).unwrap().unwrap();
        if !matches!(run.next(), Next::Ended(_)) {
            run.handle(&Entry::Resumed).unwrap();
            if let Next::Perform(step) = run.next() {
                // VerifyApproval and Identify: nothing was begun; later steps look first.
                let looks = step == Step::Probe || !step.touches_ukey() || !run.is_done(Step::CheckBlank);
                prop_assert!(looks, "{step:?}");
            }
        }
    }
}
