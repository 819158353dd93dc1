use super::super::unit_pki::tests::{family, now};
use super::*;

#[test]
fn a_list_tells_number_dates_and_entries_and_one_changed_byte_is_noticed() {
    let [_, prefecture, county, _] = family();
    let entries: Vec<_> = RevocationReason::ALL
        .into_iter()
        .zip(1..)
        .map(|(reason, serial)| UnitRevocation {
            serial: CertificateSerial::from_random([serial; 16]),
            at: now(),
            reason,
        })
        .collect();
    let der = county.crl(u64::MAX, &entries);
    let crl = check(&der, &county.chain[0]).unwrap();
    assert_eq!((crl.number, &crl.revoked), (u64::MAX, &entries));
    assert_eq!(crl.issuer_key, county.key.public_key());
    assert_eq!(crl.this_update, now().plus_days(-1));
    assert_eq!(crl.next_update, Some(now().plus_days(6)));
    assert!(!crl.has_ended(now().plus_days(6)));
    assert!(crl.has_ended(now().plus_days(6).plus_secs(1)));
    let units = [county.chain[1].clone(), county.chain[0].clone()];
    assert_eq!(check_of(&der, &units).unwrap(), crl);
    assert!(check(&der, &prefecture.chain[0]).is_err());
    for index in 0..der.len() {
        let mut changed = der.clone();
        changed[index] ^= 1;
        assert!(check(&changed, &county.chain[0]).is_err(), "byte {index}");
    }
}
