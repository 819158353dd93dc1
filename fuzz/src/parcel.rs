//! No bytes that claim to be a parcel end in a panic: as they come, under a fresh seal, and as the
//! manifest in an archive, so that the parsers behind seal and checksum are reached.

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use ukey_station::domain::key::PublicKeyDer;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::keys::parcel::{self, Trust};
use ukey_station::keys::station_key::StationIdentity;
use ukey_station::keys::unit_pki;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

static STATION: LazyLock<StationIdentity> = LazyLock::new(StationIdentity::generate);

/// Throws it at the parser.
pub(crate) fn check(bytes: &[u8]) {
    let key = PublicKeyDer::new(Vec::new());
    let trust = Trust {
        root: bytes,
        own_code: "2143000001",
        own_key: &key,
        superior_chain: &[],
        crls: &[],
        crl_issuers: &[],
    };
    let now = Timestamp::EPOCH;
    let sealed = STATION.public().seal(bytes).unwrap_or_default();
    for file in [bytes, sealed.as_slice()] {
        let opened = parcel::open(file, &STATION, &trust, now);
        assert!(opened.is_err(), "nobody signed this");
        drop(parcel::open_enrolment(file, &STATION, "2143000001", now));
    }
    drop(parcel::read_content(bytes));
    drop(parcel::read_content(&archive(bytes)));
    drop(unit_pki::read_certificates(bytes));
    drop(unit_pki::check_root(bytes, now));
}

/// An archive with this manifest and one attachment.
fn archive(manifest: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("manifest.json", manifest), ("attachments/a", b"")] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
