//! The ledger of the stock: what a delivery of many books is what one ukey after the other would.

use super::*;
use crate::domain::stock::MovementKind;
use crate::domain::ukey::UkeyState;

/// Of two models, the second of which was never there.
fn coming(from: u32) -> Vec<NewUkey> {
    let ukey = |at: u32| NewUkey {
        identity: UkeyIdentity {
            maker: "Example".to_owned(),
            model: ["K1", "K1", "K2"][at as usize % 3].to_owned(),
            serial: Serial::parse(&format!("FT{at:06}")).unwrap(),
        },
        profile: "example".to_owned(),
        box_of: at.is_multiple_of(2).then(|| format!("A{}", at / 50)),
    };
    (from..from + 200).map(ukey).collect()
}

fn movement(at: Timestamp, kind: MovementKind) -> MovementRow {
    MovementRow {
        id: format!("movement of {at}"),
        kind,
        at,
        officer: OfficerName::parse("admin").unwrap(),
        confirmed_by: None,
        reason: None,
        note: None,
    }
}

fn receive(store: &mut Store, ukeys: &[NewUkey], at: Timestamp) -> Result<(), StoreError> {
    store.act_on_many(|writing, _acts| {
        let why = movement(at, MovementKind::Receive);
        writing.insert_movement(&why)?;
        writing.receive_ukeys(ukeys, (at, &why.id))
    })
}

fn receive_one_by_one(store: &mut Store, ukeys: &[NewUkey], at: Timestamp) {
    let done = store.write(|writing| {
        let why = movement(at, MovementKind::Receive);
        writing.insert_movement(&why)?;
        ukeys.iter().try_for_each(|new| {
            let what = (new.profile.as_str(), new.box_of.as_deref());
            let when = (at, Some(why.id.as_str()));
            writing.receive_ukey(&new.identity, what, UkeyState::Blank, when)
        })
    });
    done.unwrap();
}

/// Everything that a table holds, in its order.
fn dump(store: &Store, sql: &str) -> Vec<String> {
    let mut statement = store.db.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let value = |at| row.get::<_, rusqlite::types::Value>(at);
        let values: Result<Vec<_>, _> = (0..columns).map(value).collect();
        Ok(format!("{:?}", values?))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn ledger(store: &Store) -> [Vec<String>; 4] {
    [
        dump(store, "SELECT * FROM ukeys ORDER BY serial"),
        dump(store, "SELECT * FROM stock_entries ORDER BY id"),
        dump(store, "SELECT * FROM stock_days ORDER BY maker, model, day"),
        dump(store, "SELECT * FROM stock_movements ORDER BY id"),
    ]
}

#[test]
fn a_delivery_books_what_its_ukeys_would_one_by_one() {
    let (_dir, _path, mut many) = store();
    let (_other_dir, _other_path, mut one) = store();
    let days = [
        "2026-11-24T08:00:00Z",
        "2026-11-26T08:00:00Z",
        // The clock went back: the ledger does not.
        "2026-11-25T08:00:00Z",
        "2026-11-26T09:00:00Z",
    ];
    for (at, day) in (0_u32..).zip(days) {
        let ukeys = coming(at * 200);
        // On the first day the second model does not come.
        let ukeys: Vec<_> = ukeys
            .into_iter()
            .filter(|new| at > 0 || new.identity.model == "K1")
            .collect();
        let day = Timestamp::parse(day).unwrap();
        receive(&mut many, &ukeys, day).unwrap();
        receive_one_by_one(&mut one, &ukeys, day);
        let damaged = (UkeyState::Blank, UkeyState::Damaged);
        for store in [&mut many, &mut one] {
            let moved = store
                .write(|writing| writing.move_ukey(&ukeys[0].identity.serial, damaged, None, day));
            moved.unwrap();
        }
        assert_eq!(ledger(&many), ledger(&one), "{day}");
        assert!(many.read().unproven_stock().unwrap().is_empty());
    }
    let days = dump(
        &many,
        "SELECT model, day, received, blank, damaged FROM stock_days",
    );
    assert_eq!(days.len(), 3, "{days:?}");
    assert!(dump(&many, "SELECT * FROM stock_delivering").is_empty());
}

#[test]
fn a_delivery_with_a_known_serial_leaves_the_ledger_as_it_was() {
    let (_dir, _path, mut store) = store();
    receive(&mut store, &coming(0), now()).unwrap();
    let before = ledger(&store);
    let later = Timestamp::parse("2026-11-25T08:00:00Z").unwrap();
    // The last of them is there already.
    let mut ukeys = coming(200);
    ukeys.push(coming(0).swap_remove(0));
    let refused = receive(&mut store, &ukeys, later);
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "{refused:?}"
    );
    assert_eq!(ledger(&store), before);
    // Booked one by one again, not as part of a delivery.
    receive_one_by_one(&mut store, &coming(200), later);
    assert!(store.read().unproven_stock().unwrap().is_empty());
}
