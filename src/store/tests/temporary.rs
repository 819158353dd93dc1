//! Officers by the recovery kit (D-46).

use super::*;
use crate::domain::officer::Post;

#[test]
fn an_officer_is_temporary_until_they_are_certified() {
    let (_dir, _path, mut store) = store();
    let name = OfficerName::parse("helper").unwrap();
    let officer = OfficerRow {
        name: name.clone(),
        post: Post::Security,
        enabled: true,
        for_cause: false,
        token: None,
        public_key: None,
        chain: Vec::new(),
        request: None,
        person: None,
    };
    let row = TemporaryRow {
        name: name.clone(),
        replaces: OfficerName::parse("zhao-security").unwrap(),
        until: now().plus_days(3),
    };
    store
        .write(|writing| {
            writing.insert_officer(&officer, None)?;
            writing.insert_temporary_officer(&row)
        })
        .unwrap();
    assert_eq!(store.read().temporary_officers().unwrap(), [row]);
    store
        .write(|writing| writing.set_officer_chain(&name, &[vec![1]]))
        .unwrap();
    assert_eq!(store.read().temporary_officers().unwrap(), []);
}
