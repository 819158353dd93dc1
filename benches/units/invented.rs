//! Invented units of a province, for measurements.

use ukey_station::domain::id::UnitId;
use ukey_station::domain::unit::{Level, Unit};
use ukey_station::domain::unit_code::UnitCode;
use uuid::Uuid;

/// The school of this number; the first one is the own unit.
pub(crate) fn unit(at: u32) -> Unit {
    Unit {
        id: UnitId::new(Uuid::from_u128(u128::from(at) + 1)),
        name: format!("示例县第{at}小学"),
        level: Level::School,
        code: UnitCode::parse(&format!("2143{at:06}")).unwrap(),
        province: "湖南省".to_owned(),
        prefecture: "示例市".to_owned(),
        own: at == 0,
        parent: None,
        school_type: None,
        address: None,
        contacts: None,
        closed_at: None,
    }
}
