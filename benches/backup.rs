//! How fast a backup is while another connection writes, beside a bare loop of `rusqlite::backup` over the
//! same store: `cargo bench --bench backup`; `BACKUP_MB` sets the size (100). Promise: the sealed file is
//! written at no less than 0.8 of the speed of the loop, which only copies. Reading it back and examining it
//! comes on top, which the loop does not do; it is told apart.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use ukey_station::domain::audit::AuditRow;
use ukey_station::domain::id::{HomeId, InstanceId};
use ukey_station::domain::officer::{OfficerName, Post};
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::keys::backup::{Facts, Sealed, Writer};
use ukey_station::keys::secret::{SecretKey, SecretText};
use ukey_station::keys::wrap::{Cost, KeysFile, OfficerSecrets, OwnPins};
use ukey_station::station::clock::Stopwatch;
use ukey_station::store::{self, Store, StoreError};
use uuid::Uuid;

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: [u8; 32] = [7; 32];
const ROUNDS: u32 = 3;

/// A row like those of the main job, with a detail of a kilobyte so that it does not take all day.
fn row(index: u32) -> AuditRow {
    let at = Timestamp::from_unix(1_795_507_200 + i64::from(index)).unwrap();
    let mut row = AuditRow::new(at, "admin", Some("system"), "ukey-issued");
    row.ukey = Some(format!("{index:016x}"));
    row.detail = Some(format!("{index:04000}"));
    row
}

fn fill(store: &mut Store, path: &Path, megabytes: u64) -> u32 {
    let mut count = 0;
    while std::fs::metadata(path).unwrap().len() < megabytes * 1_000_000 {
        for _ in 0..1000 {
            store
                .act(&row(count), |_writing| Ok::<_, StoreError>(()))
                .unwrap();
            count += 1;
        }
        store.fold_log().unwrap();
    }
    count
}

fn keys_json() -> Vec<u8> {
    let mut keys = KeysFile::new(HomeId::new(Uuid::nil()), true, Cost::PRACTICE);
    let name = OfficerName::parse("admin").unwrap();
    let secrets = OfficerSecrets {
        store_key: &SecretKey::from_slice(&KEY).unwrap(),
        own_pins: &OwnPins::default(),
        security: None,
    };
    let passphrase = SecretText::new("brave paper lantern 71".to_owned());
    keys.add_officer((&name, Post::System), &passphrase, secrets)
        .unwrap();
    serde_json::to_vec(&keys).unwrap()
}

fn connection(path: &Path) -> Connection {
    let flags = OpenFlags::default();
    let db = Connection::open_with_flags(path, flags).unwrap();
    let key = hex::encode(KEY);
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{key}'\"; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;"
    ))
    .unwrap();
    db
}

/// The loop that anybody would write, in steps as large as they go.
fn bare(from: &Path, to: &Path) -> f64 {
    std::fs::remove_file(to).ok();
    let watch = Stopwatch::start();
    let (source, mut copy) = (connection(from), connection(to));
    let backup = Backup::new(&source, &mut copy).unwrap();
    while backup.step(-1).unwrap() != StepResult::Done {}
    drop(backup);
    copy.close().unwrap();
    File::open(to).unwrap().sync_all().unwrap();
    watch.ms() / 1000.0
}

fn facts() -> Facts {
    Facts {
        count: 0,
        epoch: 1,
        head: [0; 32],
        home: HomeId::new(Uuid::nil()),
        instance: InstanceId::new(Uuid::nil()),
        made_at: Timestamp::EPOCH,
        practice: true,
        program: String::new(),
        unit_code: String::new(),
        unit_name: String::new(),
    }
}

/// The station's way: seconds to write, and seconds to read it back and to examine the copy.
fn ours(store: &Store, keys: &[u8], (to, copy): (&Path, &Path)) -> [f64; 3] {
    std::fs::remove_file(copy).ok();
    let watch = Stopwatch::start();
    let file = File::create(to).unwrap();
    let out = BufWriter::with_capacity(1 << 20, &file);
    let (mut writer, rehearsal) = Writer::begin(out, keys).unwrap();
    let frozen = store.freeze().unwrap();
    let length = frozen.length();
    writer
        .part("station.db", length, frozen, |_bytes| {})
        .unwrap();
    let (mut out, _manifest) = writer.finish(facts()).unwrap();
    out.flush().unwrap();
    drop(out);
    file.sync_all().unwrap();
    let write = watch.ms() / 1000.0;

    let watch = Stopwatch::start();
    let reader = BufReader::with_capacity(1 << 20, File::open(to).unwrap());
    let sealed = Sealed::read(reader).unwrap().rehearse(&rehearsal).unwrap();
    sealed
        .read(|_name| File::create_new(copy), |_bytes| {})
        .unwrap();
    let read = watch.ms() / 1000.0;

    let watch = Stopwatch::start();
    let found = store::examine(copy, &KEY).unwrap();
    assert_eq!(found.first_broken, None);
    [write, read, watch.ms() / 1000.0]
}

fn main() {
    let megabytes = std::env::var("BACKUP_MB").ok();
    let megabytes = megabytes.map_or(100, |text| text.parse().unwrap());
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let path = dir.path().join("station.db");
    let mut store = Store::create(&path, &KEY).unwrap();
    let mut count = fill(&mut store, &path, megabytes);
    let size = std::fs::metadata(&path).unwrap().len();
    let keys = keys_json();

    let stop = AtomicBool::new(false);
    let written = AtomicU32::new(0);
    let (bare_best, ours_best) = thread::scope(|scope| {
        let mut writer = Store::open(&path, &KEY).unwrap();
        let (stop, written) = (&stop, &written);
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                writer
                    .act(&row(count), |_writing| Ok::<_, StoreError>(()))
                    .unwrap();
                count += 1;
                written.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20)); // A busy desk writes some rows a second.
            }
        });
        let (to, copy) = (dir.path().join("backup"), dir.path().join("copy"));
        let mut best = (f64::INFINITY, [f64::INFINITY; 3]);
        for _round in 0..ROUNDS {
            best.0 = best.0.min(bare(&path, &copy));
            let ours = ours(&store, &keys, (&to, &copy));
            for (best, now) in best.1.iter_mut().zip(ours) {
                *best = best.min(now);
            }
        }
        stop.store(true, Ordering::Relaxed);
        best
    });
    let [write, read, examine] = ours_best;
    let speed = |secs: f64| f64::from(u32::try_from(size / 1000).unwrap()) / 1000.0 / secs;
    println!(
        "store               {} MB, {} acts meanwhile",
        size / 1_000_000,
        written.load(Ordering::Relaxed)
    );
    println!("rusqlite::backup    {:.0} MB/s", speed(bare_best));
    println!(
        "copied and sealed   {:.0} MB/s, {:.2} of the loop",
        speed(write),
        bare_best / write
    );
    println!("read back           {:.0} MB/s", speed(read));
    println!("examined            {:.0} MB/s", speed(examine));
    let all = write + read + examine;
    println!(
        "all together        {:.0} MB/s, {:.2} of the loop",
        speed(all),
        bare_best / all
    );
}
