//! Units that exchange ukeys in any order, twice and with things missing: every balance holds after
//! every step, and in the end every ukey is in one place (D-26, D-27).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::{SignForBody, SignedItem, booking, discrepancies};
use crate::domain::officer::OfficerName;
use crate::domain::stock::{
    DiscrepancyKind, DispatchItem, ItemOutcome, MovementKind, Resolution, judge,
};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::clock;
use crate::store::{
    Explanation, MovementRow, NoteRow, Store, StoreError, UkeyFilter, UkeyRow, Writing,
};

/// The superior of each unit: a province, two prefectures, three counties, a school.
const SUPERIOR: [Option<usize>; 7] = [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(3)];

/// A file on its way.
#[derive(Clone)]
enum Mail {
    Note(NoteRow, Vec<DispatchItem>),
    SignFor(NoteRow, Vec<(Serial, ItemOutcome)>, bool),
}

/// One step of a history.
#[derive(Clone, Copy, Debug)]
enum Act {
    Receive(usize),
    Dispatch {
        to: usize,
        count: usize,
    },
    SendBack {
        from: usize,
        count: usize,
    },
    /// The oldest file between two units; these bits of its lines did not come.
    Deliver {
        pair: usize,
        missing: u32,
    },
    /// A file that came comes again.
    Again(usize),
    GiveUp {
        unit: usize,
    },
    Late {
        unit: usize,
    },
    Damage {
        unit: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (unit, count) = (0..SUPERIOR.len(), 1..6_usize);
    let below = 1..SUPERIOR.len();
    let missing = prop_oneof![Just(0_u32), any::<u32>()];
    prop_oneof![
        1 => count.clone().prop_map(Act::Receive),
        4 => (below.clone(), count.clone()).prop_map(|(to, count)| Act::Dispatch { to, count }),
        1 => (below, count).prop_map(|(from, count)| Act::SendBack { from, count }),
        8 => (any::<usize>(), missing).prop_map(|(pair, missing)| Act::Deliver { pair, missing }),
        1 => any::<usize>().prop_map(Act::Again),
        2 => unit.clone().prop_map(|unit| Act::GiveUp { unit }),
        2 => unit.clone().prop_map(|unit| Act::Late { unit }),
        1 => unit.prop_map(|unit| Act::Damage { unit }),
    ]
}

struct World {
    _dir: TempDir,
    stores: Vec<Store>,
    mail: BTreeMap<(usize, usize), VecDeque<Mail>>,
    came: Vec<(usize, Mail)>,
    made: usize,
    /// What was tried, and whether there was something to do.
    done: BTreeSet<(&'static str, bool)>,
}

fn movement(kind: MovementKind, note: Option<&NoteRow>) -> MovementRow {
    MovementRow {
        id: clock::new_uuid().to_string(),
        kind,
        at: clock::now(),
        officer: OfficerName::parse("admin").unwrap(),
        confirmed_by: None,
        reason: None,
        note: note.map(|note| note.id.clone()),
    }
}

fn code(unit: usize) -> String {
    format!("unit-{unit}")
}

fn number_of(code: &str) -> usize {
    code.trim_start_matches("unit-").parse().unwrap()
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
        let dir = dir.unwrap();
        let stores = (0..SUPERIOR.len()).map(|unit| {
            let path = dir.path().join(format!("{unit}.db"));
            Store::create(&path, &[7; 32]).unwrap()
        });
        Self {
            stores: stores.collect(),
            _dir: dir,
            mail: BTreeMap::new(),
            came: Vec::new(),
            made: 0,
            done: BTreeSet::new(),
        }
    }

    fn write(
        &mut self,
        unit: usize,
        write: impl FnOnce(&Writing<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.stores[unit].write(write)
    }

    fn in_state(&self, unit: usize, state: UkeyState, most: usize) -> Vec<UkeyRow> {
        let filter = UkeyFilter {
            state: Some(state),
            limit: Some(most),
            ..UkeyFilter::default()
        };
        self.stores[unit].read().ukeys_page(&filter).unwrap()
    }

    fn receive(&mut self, count: usize) {
        let why = movement(MovementKind::Receive, None);
        let first = self.made;
        self.made += count;
        let written = self.write(0, |writing| {
            writing.insert_movement(&why)?;
            (first..first + count).try_for_each(|at| {
                let identity = crate::domain::ukey::UkeyIdentity {
                    maker: "maker".to_owned(),
                    model: format!("model {}", at % 2),
                    serial: Serial::parse(&format!("{at:06}")).unwrap(),
                };
                let when = (why.at, Some(why.id.as_str()));
                writing.receive_ukey(&identity, ("profile", None), UkeyState::Blank, when)
            })
        });
        written.unwrap();
    }

    fn send(&mut self, from: usize, to: usize, rows: Vec<UkeyRow>) {
        if rows.is_empty() {
            return;
        }
        let item = |row: UkeyRow| DispatchItem {
            maker: row.identity.maker,
            model: row.identity.model,
            serial: row.identity.serial,
            profile: row.profile,
            r#box: None,
            state: row.state,
        };
        let items: Vec<DispatchItem> = rows.into_iter().map(item).collect();
        let note = NoteRow {
            id: clock::new_uuid().to_string(),
            number: self.stores[from].read().next_note_number(2026).unwrap(),
            sent: true,
            unit_code: code(to),
            at: clock::now(),
            officer: "admin".to_owned(),
            reason: None,
            signed_for_at: None,
            signed_for_by: None,
            count: 0,
            in_transit: 0,
        };
        let why = movement(MovementKind::Dispatch, Some(&note));
        let written = self.write(from, |writing| {
            booking::dispatch(writing, &note, &items, &why)
        });
        written.unwrap();
        let came = NoteRow {
            sent: false,
            unit_code: code(from),
            ..note
        };
        let queue = self.mail.entry((from, to)).or_default();
        queue.push_back(Mail::Note(came, items));
    }

    fn deliver(&mut self, pair: usize, missing: u32) {
        let waiting: Vec<(usize, usize)> = self
            .mail
            .iter()
            .filter(|(_pair, queue)| !queue.is_empty())
            .map(|(pair, _queue)| *pair)
            .collect();
        if waiting.is_empty() {
            return;
        }
        let (from, to) = waiting[pair % waiting.len()];
        let mail = self.mail.get_mut(&(from, to)).unwrap().pop_front().unwrap();
        self.take(to, &mail, missing).unwrap();
        self.came.push((to, mail));
    }

    fn take(&mut self, unit: usize, mail: &Mail, missing: u32) -> Result<(), String> {
        match mail {
            Mail::Note(note, items) => {
                let outcomes = items.iter().enumerate().map(|(at, item)| {
                    let known = self.stores[unit]
                        .read()
                        .known_of(&item.serial, &note.unit_code);
                    let is_missing = missing >> (at % 32) & 1 == 1;
                    (item, judge(known.unwrap(), is_missing))
                });
                let lines: Vec<_> = outcomes.collect();
                self.sign(unit, (note, Some(items)), &lines)
            }
            Mail::SignFor(note, outcomes, late) => {
                let body = SignForBody {
                    extra: Vec::new(),
                    items: outcomes
                        .iter()
                        .map(|(serial, outcome)| SignedItem {
                            outcome: *outcome,
                            serial: serial.clone(),
                        })
                        .collect(),
                    late: *late,
                    note: note.id.clone(),
                };
                let known = self.stores[unit].read().dispatch_note(&note.id).unwrap();
                let known = known.unwrap();
                let reading = self.stores[unit].read();
                booking::demand_fits(&reading, &known, &body)
                    .map_err(|error| error.code.to_owned())?;
                let why = movement(MovementKind::SignFor, Some(note));
                let written = self.write(unit, |writing| {
                    booking::sign_for(writing, &known, &body, ("other", why.at), &why)
                });
                written.map_err(|error| error.to_string())
            }
        }
    }

    /// Books a note at its receiver and sends the sign-for.
    fn sign(
        &mut self,
        unit: usize,
        (note, first): (&NoteRow, Option<&Vec<DispatchItem>>),
        lines: &[(&DispatchItem, ItemOutcome)],
    ) -> Result<(), String> {
        let why = movement(MovementKind::SignFor, Some(note));
        let written = self.write(unit, |writing| {
            if let Some(items) = first {
                writing.insert_note(note, items)?;
            }
            booking::receive(writing, note, (lines, &[]), &why)
        });
        written.map_err(|error| error.to_string())?;
        let outcomes = lines.iter();
        let outcomes = outcomes.map(|(item, outcome)| (item.serial.clone(), *outcome));
        let answer = Mail::SignFor(note.clone(), outcomes.collect(), first.is_none());
        let back = (unit, number_of(&note.unit_code));
        self.mail.entry(back).or_default().push_back(answer);
        Ok(())
    }

    /// The first open difference of what did not come is explained as lost and accepted.
    fn give_up(&mut self, unit: usize) -> bool {
        let rows = self.stores[unit].read().discrepancies(true).unwrap();
        for row in rows {
            let follows = discrepancies::follow(&self.stores[unit].read(), &row, Resolution::Lost);
            let Ok(follows) = follows else { continue };
            let why = movement(MovementKind::Discrepancy, None);
            let said = Explanation {
                resolution: Resolution::Lost,
                text: "it did not come".to_owned(),
                at: why.at,
                by: "admin".to_owned(),
            };
            let written = self.write(unit, |writing| {
                writing.explain_discrepancy(&row.id, &said)?;
                writing.accept_discrepancy(&row.id, "security", why.at)?;
                writing.insert_movement(&why)?;
                follows.map_or(Ok(()), |follows| {
                    follows.book(writing, &row, (why.at, &why.id))
                })
            });
            written.unwrap();
            return true;
        }
        false
    }

    /// What was missing on the first such note comes now.
    fn late(&mut self, unit: usize) -> bool {
        let notes = self.stores[unit].read().dispatch_notes(false).unwrap();
        for note in notes {
            let lines = self.stores[unit].read().dispatch_items(&note.id).unwrap();
            let missing = lines
                .iter()
                .filter(|(_item, outcome)| *outcome == Some(ItemOutcome::Missing));
            let came = missing.map(|(item, _outcome)| {
                let known = self.stores[unit]
                    .read()
                    .known_of(&item.serial, &note.unit_code);
                (item, judge(known.unwrap(), false))
            });
            let came: Vec<_> = came.collect();
            if !came.is_empty() {
                self.sign(unit, (&note, None), &came).unwrap();
                return true;
            }
        }
        false
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Receive(count) => self.receive(count),
            Act::Dispatch { to, count } => {
                if let Some(from) = SUPERIOR[to] {
                    let rows = self.in_state(from, UkeyState::Blank, count);
                    self.send(from, to, rows);
                }
            }
            Act::SendBack { from, count } => {
                if let Some(superior) = SUPERIOR[from] {
                    let mut rows = self.in_state(from, UkeyState::Damaged, 1);
                    rows.extend(self.in_state(from, UkeyState::Blank, count));
                    self.send(from, superior, rows);
                }
            }
            Act::Deliver { pair, missing } => self.deliver(pair, missing),
            Act::Again(which) => {
                if self.came.is_empty() {
                    return;
                }
                let (unit, mail) = self.came[which % self.came.len()].clone();
                let before = self.stores[unit].read().stock(None).unwrap();
                assert!(self.take(unit, &mail, 0).is_err(), "taken twice");
                assert_eq!(self.stores[unit].read().stock(None).unwrap(), before);
            }
            Act::GiveUp { unit } => {
                let any =
                    (0..SUPERIOR.len()).any(|more| self.give_up((unit + more) % SUPERIOR.len()));
                self.done.insert(("given up", any));
            }
            Act::Late { unit } => {
                let any = (0..SUPERIOR.len()).any(|more| self.late((unit + more) % SUPERIOR.len()));
                self.done.insert(("late", any));
            }
            Act::Damage { unit } => {
                let why = movement(MovementKind::Damage, None);
                if let Some(row) = self.in_state(unit, UkeyState::Blank, 1).pop() {
                    let damaged = (UkeyState::Blank, UkeyState::Damaged);
                    let written = self.write(unit, |writing| {
                        writing.insert_movement(&why)?;
                        let when = (why.at, why.id.as_str());
                        writing.move_stock(&row.identity.serial, damaged, when, false)
                    });
                    written.unwrap();
                }
            }
        }
    }

    /// D-27 in every home, against the entries and the ukeys themselves.
    fn balances(&self) {
        for store in &self.stores {
            let reading = store.read();
            for line in reading.stock(None).unwrap() {
                let sum: u64 = line.counts.iter().sum();
                assert_eq!(line.received, sum, "{line:?}");
                assert!(line.balanced, "{line:?}");
            }
            assert!(reading.unproven_stock().unwrap().is_empty());
        }
    }

    /// Every ukey is in one place, or on its way as the one place that sent it says.
    fn is_in_one_place(&self) {
        let mut places: BTreeMap<Serial, usize> = BTreeMap::new();
        let (mut in_transit, mut dispatched_only) = (0, BTreeSet::new());
        for store in &self.stores {
            for row in store.read().ukeys(None).unwrap() {
                if row.state == UkeyState::Dispatched {
                    dispatched_only.insert(row.identity.serial);
                } else {
                    *places.entry(row.identity.serial).or_default() += 1;
                }
            }
            in_transit += store
                .read()
                .stock(None)
                .unwrap()
                .iter()
                .map(|line| line.in_transit)
                .sum::<u64>();
        }
        assert!(places.values().all(|count| *count == 1), "{places:?}");
        let nowhere = dispatched_only
            .iter()
            .filter(|serial| !places.contains_key(*serial));
        assert_eq!(u64::try_from(nowhere.count()).unwrap(), in_transit);
        assert_eq!(
            places.len() + usize::try_from(in_transit).unwrap(),
            self.made
        );
    }
}

#[test]
fn whatever_is_sent_lost_or_sent_twice_the_balances_hold_and_meet() {
    let config = ProptestConfig {
        cases: 24,
        ..ProptestConfig::default()
    };
    let done = RefCell::new(BTreeSet::new());
    let histories = prop::collection::vec(act(), 30..90);
    let judged = TestRunner::new(config).run(&histories, |acts| {
        let mut world = World::new();
        world.receive(12);
        for act in acts {
            world.act(act);
            world.balances();
        }
        // Everything that is under way arrives.
        while world.mail.values().any(|queue| !queue.is_empty()) {
            world.deliver(0, 0);
            world.balances();
        }
        world.is_in_one_place();
        let open = |unit: usize| world.stores[unit].read().discrepancies(true).unwrap();
        let open = (0..SUPERIOR.len()).flat_map(open);
        let conflicts = open.filter(|row| row.kind == DiscrepancyKind::Conflict);
        prop_assert_eq!(conflicts.count(), 0);
        done.borrow_mut().append(&mut world.done);
        Ok(())
    });
    judged.unwrap();
    for act in ["given up", "late"] {
        assert!(done.borrow().contains(&(act, true)), "no history had {act}");
    }
}

/// What the file itself refuses, whoever writes.
#[test]
fn the_store_refuses_what_does_not_add_up() {
    let mut world = World::new();
    world.receive(3);
    let serial = Serial::parse("000001").unwrap();
    let at = Timestamp::from_unix(1_795_507_200).unwrap();
    let jump = world.write(0, |writing| {
        writing.move_stock(
            &serial,
            (UkeyState::Blank, UkeyState::HandedOut),
            (at, "x"),
            true,
        )
    });
    assert!(matches!(jump, Err(StoreError::Changed(_))), "{jump:?}");
    let why = movement(MovementKind::Destroy, None);
    let destroyed = world.write(0, |writing| {
        writing.insert_movement(&why)?;
        let ends = (UkeyState::Blank, UkeyState::Destroyed);
        writing.move_stock(&serial, ends, (at, &why.id), false)
    });
    destroyed.unwrap();
    // A clock that went back books on the newest day.
    let line = world.stores[0].read().stock(None).unwrap().pop().unwrap();
    assert_eq!((line.count(UkeyState::Destroyed), line.balanced), (1, true));
    let again = world.write(0, |writing| {
        let identity = crate::domain::ukey::UkeyIdentity {
            maker: "maker".to_owned(),
            model: "model 1".to_owned(),
            serial: serial.clone(),
        };
        writing.insert_ukey(&identity, "profile", at)
    });
    assert!(matches!(again, Err(StoreError::Constraint(_))), "{again:?}");
    world.balances();
}
