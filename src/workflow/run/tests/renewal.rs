//! A renewal against a model ukey: whatever fails, the holder is never without a working key unknowingly.

use super::*;
use crate::workflow::journal::KeyOrder;

const fn plan(order: KeyOrder) -> Plan {
    Plan {
        user_pin: PinSource::Holder,
        making: Making::Renewal(order),
        ..PLAN
    }
}

const OLD: u8 = 0;

/// The ukey of a holder, and what the store says of its certificates.
#[derive(Debug)]
struct Held {
    order: KeyOrder,
    old_key: bool,
    old_certificate: bool,
    old_counts: bool,
    keys: Vec<PublicKeyDer>,
    keys_made: u8,
    certificates: Vec<PublicKeyDer>,
    issued: Vec<PublicKeyDer>,
    half_made: bool,
}

impl Held {
    const fn new(order: KeyOrder) -> Self {
        Self {
            order,
            old_key: true,
            old_certificate: true,
            old_counts: true,
            keys: Vec::new(),
            keys_made: OLD,
            certificates: Vec::new(),
            issued: Vec::new(),
            half_made: false,
        }
    }

    fn new_works(&self) -> bool {
        self.keys.len() == 1 && self.certificates == self.keys && self.issued == self.keys
    }

    fn old_works(&self) -> bool {
        self.old_key && self.old_certificate && self.old_counts
    }
}

impl Model for Held {
    fn perform(&mut self, step: Step, run: &Run) -> Finding {
        match step {
            Step::ProveOld => {
                assert!(self.old_works() && self.keys.is_empty() && !self.half_made);
            }
            Step::GenerateKeyPair => {
                assert!(self.keys.is_empty(), "a second new key beside the first");
                self.keys_made += 1;
                self.keys.push(PublicKeyDer::new(vec![self.keys_made]));
                return Finding::Key(self.keys[0].clone());
            }
            Step::ReadAttributes => return Finding::Key(self.keys[0].clone()),
            Step::Issue => {
                let key = run.public_key().unwrap();
                assert_eq!(
                    self.keys,
                    std::slice::from_ref(key),
                    "a certificate for a key that is not there"
                );
                if !self.issued.contains(key) {
                    self.issued.push(key.clone());
                }
            }
            Step::WriteCertificate => {
                assert!(self.certificates.is_empty());
                self.certificates.push(self.issued[0].clone());
            }
            Step::ReadBack | Step::ProveCertificate => assert!(self.new_works()),
            Step::RevokeOld => {
                assert!(self.new_works(), "revoked before the new one is proven");
                self.old_counts = false;
            }
            Step::DestroyOld => {
                assert!(self.order == KeyOrder::OldFirst || !self.old_counts);
                (self.old_key, self.old_certificate) = (false, false);
            }
            Step::ProveGone => assert!(!self.old_key && !self.old_certificate),
            Step::ClearKeys => {
                assert!(self.issued.is_empty() || self.old_works(), "{self:?}");
                self.keys.clear();
                self.certificates.clear();
                self.half_made = false;
            }
            Step::ClearCertificates => self.certificates.clear(),
            Step::Probe => {
                return Finding::Probed(Probe {
                    label: LabelSeen::ThisRun,
                    user_pin: PinSeen::Set(TriesSeen::Untouched),
                    so_pin: TriesSeen::Low, // Nobody asks for it.
                });
            }
            Step::Inventory => {
                return Finding::Objects(ObjectsFound {
                    keys: match self.keys.as_slice() {
                        _ if self.half_made => KeysSeen::Broken,
                        [] => KeysSeen::Empty,
                        [key] => KeysSeen::Pair(key.clone()),
                        _ => KeysSeen::Broken,
                    },
                    certificates: certificates_seen(&self.certificates, &self.issued),
                });
            }
            Step::VerifyApproval
            | Step::Identify
            | Step::CheckRenewal
            | Step::LogIn
            | Step::MakeCsr
            | Step::ProvePossession
            | Step::WriteChain
            | Step::Slip => {}
            Step::CheckBlank
            | Step::SealPins
            | Step::InitToken
            | Step::SetSoPin
            | Step::InitUserPin
            | Step::EraseSecrets
            | Step::FindSoPin => panic!("{step:?} is no step of a renewal"),
        }
        Finding::Done
    }

    fn check(&self) {
        if self.order == KeyOrder::NewFirst {
            assert!(
                self.old_works() || self.new_works(),
                "nothing works: {self:?}"
            );
        }
    }
}

fn assert_renewed(next: &Next, held: &Held) {
    assert_eq!(*next, Next::Ended(End::Proven));
    assert!(held.new_works() && !held.old_key && !held.old_certificate && !held.old_counts);
}

fn steps(journal: &[Entry]) -> Vec<Step> {
    let started = journal.iter().filter_map(|entry| match entry {
        Entry::Started(step) => Some(*step),
        _ => None,
    });
    started.collect()
}

const ORDERS: [KeyOrder; 2] = [KeyOrder::NewFirst, KeyOrder::OldFirst];

#[test]
fn a_renewal_without_faults_takes_its_steps_in_order() {
    for (order, expected) in [
        (KeyOrder::NewFirst, Step::RENEWAL),
        (KeyOrder::OldFirst, Step::RENEWAL_WITHOUT_ROOM),
    ] {
        let (next, held, journal) = drive_model(Held::new(order), plan(order), &[]);
        assert_renewed(&next, &held);
        assert_eq!(steps(&journal), expected);
    }
}

#[test]
fn one_loss_at_any_step_of_a_renewal_still_ends_in_one_new_key() {
    for order in ORDERS {
        for at in 0..Step::RENEWAL.len() {
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
                let (next, held, journal) = drive_model(Held::new(order), plan(order), &script);
                assert_renewed(&next, &held);
                assert_eq!(held.keys_made, 1, "{luck:?} at {at}");
                assert_no_destruction_without_a_look(&journal);
            }
        }
    }
}

/// The run as it stood when this step was begun and its answer never came.
fn cut_at(order: KeyOrder, step: Step) -> (Run, Held) {
    let mut held = Held::new(order);
    let mut run = Run::new(plan(order));
    while run.next() != Next::Perform(step) {
        let Next::Perform(before) = run.next() else {
            panic!("{:?}", run.next())
        };
        run.handle(&Entry::Started(before)).unwrap();
        let finding = held.perform(before, &run);
        run.handle(&Entry::Done(before, finding)).unwrap();
    }
    run.handle(&Entry::Started(step)).unwrap();
    (run, held)
}

fn go_on(run: &mut Run, held: &mut Held) -> Next {
    while let Next::Perform(step) = run.next() {
        run.handle(&Entry::Started(step)).unwrap();
        let finding = held.perform(step, run);
        run.handle(&Entry::Done(step, finding)).unwrap();
        held.check();
    }
    run.next()
}

#[test]
fn half_a_key_pair_is_destroyed_and_made_again_beside_the_old_one() {
    let (mut run, mut held) = cut_at(KeyOrder::NewFirst, Step::GenerateKeyPair);
    held.half_made = true;
    run.handle(&Entry::Resumed).unwrap();
    let next = go_on(&mut run, &mut held);
    assert_renewed(&next, &held);
}

#[test]
fn a_renewal_can_be_given_up_as_long_as_the_old_key_is_untouched() {
    let last = Step::RENEWAL
        .iter()
        .position(|step| *step == Step::RevokeOld);
    for (at, step) in Step::RENEWAL.into_iter().enumerate().skip(5) {
        let (mut run, mut held) = cut_at(KeyOrder::NewFirst, step);
        let answer = Entry::Answered(Answer::GiveUp);
        if Some(at) >= last {
            run.handle(&answer).unwrap_err();
            continue;
        }
        run.handle(&answer).unwrap();
        assert_eq!(
            go_on(&mut run, &mut held),
            Next::Ended(End::GivenUp),
            "{step:?}"
        );
        assert!(held.old_works() && held.keys.is_empty());
    }
    let (mut run, _held) = cut_at(KeyOrder::OldFirst, Step::GenerateKeyPair);
    run.handle(&Entry::Answered(Answer::GiveUp)).unwrap_err();
    let (mut run, _held) = cut_at(KeyOrder::NewFirst, Step::ProveOld);
    run.handle(&Entry::Answered(Answer::GiveUp)).unwrap_err();
}

#[test]
fn a_renewal_is_not_given_up_once_the_old_certificate_may_be_revoked() {
    let refused = || Failure::Refused {
        code: "certificate-revoked".to_owned(),
    };
    let failed = || Entry::Failed(Step::RevokeOld, refused());
    let back = |run: &Run| match run.next() {
        Next::Ask(question) => question.answers.contains(&Answer::GiveUp),
        other => panic!("{other:?}"),
    };
    let go_to_it = |run: &mut Run, held: &mut Held| {
        while run.next() != Next::Perform(Step::RevokeOld) {
            let Next::Perform(step) = run.next() else {
                panic!("{:?}", run.next())
            };
            run.handle(&Entry::Started(step)).unwrap();
            let finding = held.perform(step, run);
            run.handle(&Entry::Done(step, finding)).unwrap();
        }
        run.handle(&Entry::Started(Step::RevokeOld)).unwrap();
    };

    // Its answer came: it did not happen, however often it is tried.
    let (mut run, mut held) = cut_at(KeyOrder::NewFirst, Step::RevokeOld);
    for _ in 0..2 {
        assert!(!run.is_tried_again(Step::RevokeOld));
        run.handle(&failed()).unwrap();
        assert!(back(&run) && run.may_be_given_up());
        run.handle(&Entry::Answered(Answer::TryAgain)).unwrap();
        go_to_it(&mut run, &mut held);
    }

    // It was committed, and the answer never came: what fails later does not undo it.
    held.perform(Step::RevokeOld, &run);
    run.handle(&Entry::Resumed).unwrap();
    for _ in 0..2 {
        go_to_it(&mut run, &mut held);
        assert!(run.is_tried_again(Step::RevokeOld));
        run.handle(&failed()).unwrap();
        assert!(!back(&run) && !run.may_be_given_up());
        run.handle(&Entry::Answered(Answer::TryAgain)).unwrap();
    }
    let next = go_on(&mut run, &mut held);
    assert_renewed(&next, &held);
}

#[test]
fn a_wrong_pin_before_anything_is_begun_refuses_and_later_is_asked_about() {
    let wrong = || Failure::Ukey(Fault::new(FaultKind::PinIncorrect));
    let (mut run, _held) = cut_at(KeyOrder::NewFirst, Step::LogIn);
    run.handle(&Entry::Failed(Step::LogIn, wrong())).unwrap();
    assert_eq!(run.next(), Next::Ended(End::Refused(wrong())));

    let (mut run, held) = cut_at(KeyOrder::NewFirst, Step::MakeCsr);
    run.handle(&Entry::Resumed).unwrap();
    let probe = Entry::Done(
        Step::Probe,
        Finding::Probed(Probe {
            label: LabelSeen::ThisRun,
            user_pin: PinSeen::Set(TriesSeen::Untouched),
            so_pin: TriesSeen::Untouched,
        }),
    );
    run.handle(&Entry::Started(Step::Probe)).unwrap();
    run.handle(&probe).unwrap();
    run.handle(&Entry::Started(Step::LogIn)).unwrap();
    run.handle(&Entry::Failed(Step::LogIn, wrong())).unwrap();
    let Next::Ask(question) = run.next() else {
        panic!("{:?}", run.next())
    };
    assert_eq!(
        question.answers,
        [Answer::TryAgain, Answer::GiveUp, Answer::WriteOff]
    );
    assert!(held.old_works());
}

#[test]
fn an_old_journal_without_a_word_of_renewals_is_one_of_a_first_making() {
    let mut text = serde_json::to_value(Entry::Opened(PLAN)).unwrap();
    text["opened"].as_object_mut().unwrap().remove("making");
    let entry: Entry = serde_json::from_value(text).unwrap();
    assert_eq!(entry, Entry::Opened(PLAN));
}

proptest! {
    /// Any script of faults ends in a renewed ukey or a question; between any two steps of a renewal
    /// that makes the new key first something works.
    #[test]
    fn any_fault_script_of_a_renewal_ends_or_asks(
        script in proptest::collection::vec(luck(), 0..40),
        old_first: bool,
    ) {
        let order = if old_first { KeyOrder::OldFirst } else { KeyOrder::NewFirst };
        let (next, held, journal) = drive_model(Held::new(order), plan(order), &script);
        assert_no_destruction_without_a_look(&journal);
        match next {
            Next::Ended(End::Proven) => assert_renewed(&next, &held),
            Next::Ask(question) => {
                let back = question.answers.contains(&Answer::GiveUp);
                assert!(!back || held.old_works(), "{question:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}
