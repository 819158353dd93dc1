//! Who may send what to whom.

use super::*;

#[test]
fn units_that_are_no_neighbours_and_forged_codes_are_refused() {
    let scene = Scene::new();
    // An officer of the prefecture is not the school's superior.
    let grandparent = Parcel {
        officer: scene.province.officer_of(&scene.prefecture, Post::Security),
        manifest: manifest(Kind::Review, &scene.prefecture, &scene.school),
        ..scene.down()
    };
    let refused = scene.open_at(&scene.school, &grandparent.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::NotNeighbour)));
    // Another county writes the code of the school's superior into a certificate of its own.
    let other = scene.prefecture.below("另一县教育局", "91430100MA4L00011K");
    let forged = Parcel {
        officer: other.officer_of(&scene.county, Post::Security),
        ..scene.down()
    };
    let refused = scene.open_at(&scene.school, &forged.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::NotNeighbour)));
    // The manifest names another unit than the signer's.
    let mismatched = Parcel {
        manifest: manifest(Kind::Requests, &other, &scene.county),
        ..scene.up()
    };
    let refused = scene.open_at(&scene.county, &mismatched.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::UnitMismatch)));
    // The own officers are no neighbours.
    let own = Parcel {
        officer: scene.prefecture.officer_of(&scene.county, Post::System),
        manifest: manifest(Kind::Dispatch, &scene.county, &scene.county),
        ..scene.up()
    };
    let refused = scene.open_at(&scene.county, &own.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::NotNeighbour)));
}

#[test]
fn a_record_is_handed_over_by_any_unit_under_the_root_that_does_not_pretend_to_be_another() {
    let scene = Scene::new();
    let other = scene.prefecture.below("另一县教育局", "91430100MA4L00011K");
    let from = |officer, kind, unit: &TestUnit| Parcel {
        officer,
        manifest: manifest(kind, unit, &scene.school),
        ..scene.down()
    };
    let open = |parcel: Parcel<'_>| scene.open_at(&scene.school, &parcel.pack().bytes);
    let of_other = || scene.prefecture.officer_of(&other, Post::System);
    let opened = open(from(of_other(), Kind::Handover, &other)).unwrap();
    assert_eq!(opened.sender, Neighbour::Other);
    assert_eq!(opened.signer.issuer.code, scene.prefecture.code);
    let above = scene.province.officer_of(&scene.prefecture, Post::System);
    let opened = open(from(above, Kind::Handover, &scene.prefecture)).unwrap();
    assert_eq!(opened.sender, Neighbour::Other);
    // Nothing else comes from there.
    for kind in Kind::ALL {
        if kind != Kind::Handover && kind != Kind::Enrol {
            let refused = open(from(of_other(), kind, &other));
            assert!(
                matches!(refused, Err(ParcelError::NotNeighbour)),
                "{kind:?}"
            );
        }
    }
    // The code of a unit above, or the own one, in a certificate that another unit issued.
    for unit in [
        &scene.county,
        &scene.prefecture,
        &scene.province,
        &scene.school,
    ] {
        let forged = from(other.officer_of(unit, Post::System), Kind::Handover, unit);
        assert!(matches!(open(forged), Err(ParcelError::NotNeighbour)));
    }
    // A province takes one from a school far below.
    let up = Parcel {
        manifest: manifest(Kind::Handover, &scene.school, &scene.province),
        to: &scene.province,
        ..scene.up()
    };
    let opened = scene.open_at(&scene.province, &up.pack().bytes).unwrap();
    assert_eq!(opened.sender, Neighbour::Other);
}

#[test]
fn kind_direction_and_post_fit_or_it_is_refused() {
    let scene = Scene::new();
    for kind in Kind::ALL {
        for post in Post::ALL {
            let up = Parcel {
                officer: scene.county.officer_of(&scene.school, post),
                manifest: manifest(kind, &scene.school, &scene.county),
                ..scene.up()
            };
            let down = Parcel {
                officer: scene.prefecture.officer_of(&scene.county, post),
                manifest: manifest(kind, &scene.county, &scene.school),
                ..scene.down()
            };
            if kind == Kind::Enrol {
                assert!(matches!(up.try_pack(), Err(PackError::Content(_))));
                continue;
            }
            let signs = kind.may_be_signed_by(post);
            let both = matches!(kind.direction(), Direction::Both | Direction::Any);
            let goes = |way| kind.direction() == way || both;
            let opened = scene.open_at(&scene.county, &up.pack().bytes);
            assert_eq!(
                opened.is_ok(),
                signs && goes(Direction::Up),
                "{kind:?} {post:?}"
            );
            let opened = scene.open_at(&scene.school, &down.pack().bytes);
            assert_eq!(
                opened.is_ok(),
                signs && goes(Direction::Down),
                "{kind:?} {post:?}"
            );
            assert!(post != Post::Auditor || !signs);
        }
    }
}
