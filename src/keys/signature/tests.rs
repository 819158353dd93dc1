use super::super::unit_pki::tests::{Chain, now};
use super::*;

#[test]
fn a_signature_verifies_and_one_changed_byte_anywhere_is_noticed() {
    let Chain { key, chain, .. } = Chain::of_school(Post::Security);
    let root = chain.last().unwrap();
    let content = b"{\"type\":\"a record\"}";
    let cms = sign(content, &chain, &mut |message| key.sign(message)).unwrap();
    let verified = verify(&cms, &chain, root, now(), &[]).unwrap();
    assert_eq!(verified.content, content);
    assert_eq!(verified.signer.unit_code, "2143000001");
    for index in 0..cms.len() {
        let mut changed = cms.clone();
        changed[index] ^= 1;
        let stored = verify(&changed, &chain, root, now(), &[]);
        assert!(stored.is_err(), "byte {index}");
        let carried = verify_carried(&changed, root, now(), &[]);
        assert!(carried.is_err(), "byte {index}");
    }
}

#[test]
fn the_key_s_own_failure_comes_back() {
    let Chain { chain, .. } = Chain::of_school(Post::Security);
    let failed = sign(b"record", &chain, &mut |_message| {
        Err::<Vec<u8>, _>("pulled out")
    });
    assert!(matches!(failed, Err(SignError::Key("pulled out"))));
}
