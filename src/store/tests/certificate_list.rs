//! The list of certificates: what is found, by what, and in which order.

use super::requests::{sample_request, sample_unit};
use super::*;
use crate::domain::certificate::CertificateState;

/// Serial, state, end, holder, ukey.
type Sample = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const SAMPLES: [Sample; 5] = [
    (
        "41aa01",
        "active",
        "2026-12-10T00:00:00Z",
        "王芳",
        "8f5c0001",
    ),
    ("41aa02", "hold", "2027-06-01T00:00:00Z", "李华", "8f5c0002"),
    (
        "41bb03",
        "revoked",
        "2027-03-01T00:00:00Z",
        "张伟",
        "8f5c0003",
    ),
    (
        "41bb04",
        "active",
        "2026-11-01T00:00:00Z",
        "艾力",
        "8f5c0004",
    ),
    (
        "41bb05",
        "active",
        "2027-01-15T00:00:00Z",
        "李明",
        "77770005",
    ),
];

fn filled() -> (TempDir, Store) {
    let (dir, _path, mut store) = store();
    for (at, sample) in SAMPLES.into_iter().enumerate() {
        put(&mut store, u8::try_from(at).unwrap(), sample);
    }
    (dir, store)
}

/// A certificate with its request and its ukey; its run does not matter here.
fn put(store: &mut Store, at: u8, (serial, state, end, holder, ukey): Sample) {
    let request = RequestRow {
        id: RequestId::new(Uuid::from_bytes([at; 16])),
        number: format!("2026-{:04}", at + 1),
        holder_name: holder.to_owned(),
        ..sample_request()
    };
    let identity = UkeyIdentity {
        maker: "maker".to_owned(),
        model: "model".to_owned(),
        serial: Serial::parse(ukey).unwrap(),
    };
    let fields = [("name", holder.to_owned())].into();
    let written = store.write(|writing| {
        if at == 0 {
            writing.insert_unit(&sample_unit())?;
        }
        writing.insert_request(&request, &[at; 32], &fields)?;
        writing.insert_ukey(&identity, "softhsm2", now())
    });
    written.unwrap();
    store.db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let sql =
        "INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after,
             der, state, reason, revoked_at, stored_at)
         VALUES (?1, ?1, ?2, ?3, '', '', ?4, x'00', ?5, ?6, ?7, '')";
    let revoked = (state != "active").then_some("2026-11-20T00:00:00Z");
    let reason = revoked.map(|_at| "keyCompromise");
    let id = request.id.to_string();
    let values = rusqlite::params![serial, id, ukey, end, state, reason, revoked];
    store.db.execute(sql, values).unwrap();
}

fn found(store: &Store, filter: &CertificateFilter) -> Vec<String> {
    let lines = store.read().certificate_lines(filter, now()).unwrap();
    lines.iter().map(|line| line.serial.to_string()).collect()
}

fn all() -> CertificateFilter {
    CertificateFilter {
        limit: 100,
        ..CertificateFilter::default()
    }
}

#[test]
fn live_and_revoked_ones_stand_in_one_order() {
    let (_dir, store) = filled();
    let ordered = |order, limit| {
        let filter = CertificateFilter {
            order,
            limit,
            ..all()
        };
        found(&store, &filter)
    };
    let by_end = ["41bb04", "41aa01", "41bb05", "41bb03", "41aa02"];
    assert_eq!(ordered(CertificateOrder::EndsFirst, 100), by_end);
    assert_eq!(ordered(CertificateOrder::EndsLast, 2), ["41aa02", "41bb03"]);
    let by_name = ["41bb04", "41aa02", "41bb05", "41aa01", "41bb03"];
    assert_eq!(ordered(CertificateOrder::Holder, 100), by_name);
}

#[test]
fn a_state_is_that_of_now_and_what_ends_soon_lives() {
    let (_dir, store) = filled();
    let of = |state| {
        let filter = CertificateFilter {
            state: Some(state),
            order: CertificateOrder::EndsFirst,
            ..all()
        };
        found(&store, &filter)
    };
    assert_eq!(of(CertificateState::Active), ["41aa01", "41bb05"]);
    assert_eq!(of(CertificateState::Hold), ["41aa02"]);
    assert_eq!(of(CertificateState::Revoked), ["41bb03"]);
    assert_eq!(of(CertificateState::Expired), ["41bb04"]);
    let soon = |days| {
        let filter = CertificateFilter {
            ends_by: Some(now().plus_days(days)),
            order: CertificateOrder::EndsFirst,
            ..all()
        };
        found(&store, &filter)
    };
    assert_eq!(soon(30), ["41aa01"]);
    assert_eq!(soon(60), ["41aa01", "41bb05"]);
    let line = |serial: &str| {
        let lines = store.read().certificate_lines(&all(), now()).unwrap();
        let mut lines = lines.into_iter();
        lines
            .find(|line| line.serial.to_string() == serial)
            .unwrap()
    };
    assert_eq!(line("41bb04").state, CertificateState::Expired);
    let revoked = line("41bb03");
    assert_eq!(revoked.state, CertificateState::Revoked);
    assert_eq!(revoked.reason, Some(RevocationReason::KeyCompromise));
    assert_eq!(
        (revoked.holder.as_str(), revoked.unit.as_str()),
        ("张伟", "示例小学")
    );
}

#[test]
fn one_is_found_by_serial_ukey_request_name_and_initials_whatever_its_state() {
    let (_dir, store) = filled();
    let search = |text: &str, state| {
        let filter = CertificateFilter {
            search: Some(RequestFilter {
                search: Some(text.to_owned()),
                ..RequestFilter::default()
            }),
            state,
            order: CertificateOrder::EndsFirst,
            ..all()
        };
        found(&store, &filter)
    };
    assert_eq!(search("41AA", None), ["41aa01", "41aa02"], "begins with it");
    assert_eq!(search("41 aa 02", None), ["41aa02"]);
    assert_eq!(
        search("aa01", None),
        [""; 0],
        "no ukey and no name holds it"
    );
    assert_eq!(search("5c0003", None), ["41bb03"], "a part of the ukey's");
    assert_eq!(search("2026-0004", None), ["41bb04"]);
    assert_eq!(search("李", None), ["41bb05", "41aa02"]);
    assert_eq!(
        search("zw", None),
        ["41bb03"],
        "initials, though it is revoked"
    );
    assert_eq!(search("limin", None), ["41bb05"]);
    assert_eq!(search("李", Some(CertificateState::Hold)), ["41aa02"]);
    assert_eq!(search("赵", None), [""; 0]);
}

#[test]
fn a_person_finds_only_their_own() {
    let (_dir, store) = filled();
    let filter = CertificateFilter {
        search: Some(RequestFilter {
            person: Some(vec![4; 32]),
            ..RequestFilter::default()
        }),
        ..all()
    };
    assert_eq!(found(&store, &filter), ["41bb05"]);
}
