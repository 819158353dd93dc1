//! What the window draws: a picture of the desk, or of its door while nobody is signed in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::audit_view::{AuditDone, AuditHealth, AuditPicture};
use super::certificates_view::{CertificateDone, CertificatePicture};
use super::check_view::CheckPicture;
use super::first_run_view::{FirstRun, MadeNote};
use super::loss_view::{LossDone, LossPicture, PartingLooked};
use super::make_view::{OpenOrder, PinAsked, SlipDone, UkeyNote};
use super::practice_view::PracticePicture;
use super::recovery_view::Recovered;
use super::remote_view::{QuestionLooked, RemoteDone};
use super::requests_view::RequestsFacts;
use super::second_view::SecondTried;
use super::settings_view::{BackupProgress, Examined, SettingsDone, SettingsPicture};
use super::sound::Tone;
use super::stock_view::{
    OpenedFile, Shown, StockDone, StockPicture, Stranger, TravelPicture, Waiting,
};
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::station::door::{AtDoor, Door};
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::health::Health;
use crate::station::jobs::practice::PracticeBench;
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::restore::Restored;
use crate::station::jobs::today::Today;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::report::{RunResult, StepReport};
use crate::station::{Error, HolderRow};
use crate::workflow::step::Step;

/// What the window draws.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) place: Place,
    /// Path of the home.
    pub(super) home: String,
    /// Empty until somebody has signed in: the records know it.
    pub(super) unit: String,
    pub(super) officer: String,
    pub(super) post: Option<Post>,
    pub(super) practice: bool,
    /// The home was made a moment ago.
    pub(super) made: Option<MadeNote>,
    /// The home was restored a moment ago.
    pub(super) restored: Option<Restored>,
    /// A replacement officer was enrolled with the recovery kit, or their passphrase refused.
    pub(super) recovered: Option<Recovered>,
    /// After so many minutes without input the desk is left; 0 while it is not open.
    pub(super) idle_minutes: u32,
    /// Approved, and made on a blank each.
    pub(super) requests: Arc<Vec<RequestView>>,
    /// Those of the stock that are plugged in.
    pub(super) ukeys: Vec<UkeyView>,
    /// Issued ukeys whose certificate goes on hold when they are handed out (D-59).
    pub(super) to_hold: BTreeSet<Serial>,
    /// Ukeys plugged in that are temporary (D-20).
    pub(super) temporary: BTreeSet<Serial>,
    /// For whom those were made that are plugged in.
    pub(super) holders: BTreeMap<Serial, HolderRow>,
    /// Ukeys in their holders' hands whose renewal is approved, with its request's number.
    pub(super) to_renew: BTreeMap<Serial, String>,
    /// The ukey whose renewal was refused because there is no room for two key pairs.
    pub(super) without_room: Option<Serial>,
    pub(super) lanes: Vec<Lane>,
    /// What goes on with the next blank that is plugged in.
    pub(super) open_order: Option<OpenOrder>,
    /// No further ukey is begun.
    pub(super) paused: bool,
    /// Seconds that a ukey of each profile usually takes here.
    pub(super) usual_secs: BTreeMap<String, i64>,
    /// The last hand-out.
    pub(super) handed_out: Option<HandedOutNote>,
    /// Approved requests for which no blank was plugged in, the last time all were made.
    pub(super) without_ukey: u32,
    pub(super) waiting: Waiting,
    /// CA, list of revoked certificates and clock.
    pub(super) health: Option<Health>,
    pub(super) today: Option<Arc<Today>>,
    /// The page that the pictures below were made for.
    pub(super) shown: Shown,
    pub(super) stock: Option<Arc<StockPicture>>,
    pub(super) travel: Option<Arc<TravelPicture>>,
    pub(super) check: Option<Arc<CheckPicture>>,
    pub(super) certificates: Option<Arc<CertificatePicture>>,
    /// The last act about certificates.
    pub(super) certificate_done: Option<CertificateDone>,
    pub(super) losses: Option<Arc<LossPicture>>,
    /// The last loss that was reported, or found.
    pub(super) loss_done: Option<LossDone>,
    /// What ends when a holder leaves or moves, as it was looked at last.
    pub(super) parting: Option<PartingLooked>,
    /// A neighbour's question for an SO PIN, as it was looked into last.
    pub(super) question: Option<QuestionLooked>,
    /// The last act of unblocking by files.
    pub(super) remote_done: Option<RemoteDone>,
    pub(super) settings: Option<Arc<SettingsPicture>>,
    /// The last act there.
    pub(super) settings_done: Option<SettingsDone>,
    /// What was found wrong, the last time it was looked for.
    pub(super) examined: Option<Examined>,
    /// How far the backup has come that is made right now.
    pub(super) backing_up: Option<BackupProgress>,
    pub(super) audit: Option<Arc<AuditPicture>>,
    /// What verifying the log found last.
    pub(super) audit_health: Option<AuditHealth>,
    /// The last file of the log that was written.
    pub(super) audit_done: Option<AuditDone>,
    pub(super) applications: RequestsFacts,
    pub(super) opened: Option<Arc<OpenedFile>>,
    /// In practice: the course, and the state of every ukey.
    pub(super) training: Option<Arc<PracticePicture>>,
    /// In practice: what lies on the bench, while its panel is open.
    pub(super) bench: Option<Arc<PracticeBench>>,
    /// The last act of the stock.
    pub(super) stock_done: Option<StockDone>,
    /// The last papers for a holder.
    pub(super) slip: Option<SlipDone>,
    /// What became of the last act on one ukey.
    pub(super) note: Option<UkeyNote>,
    /// Ukeys plugged in that the books do not know, once somebody has looked.
    pub(super) strangers: Option<Vec<Stranger>>,
    /// Who is signed in, as the door knows them.
    pub(super) own: Option<AtDoor>,
    /// Who may confirm, beside who is signed in.
    pub(super) seconds: Vec<AtDoor>,
    /// The last try to confirm.
    pub(super) second_tried: Option<SecondTried>,
    /// What a holder is asked: nothing else is seen meanwhile.
    pub(super) pin: Option<PinAsked>,
    /// How many questions holders were asked.
    pub(super) pins_asked: u64,
    /// To be heard, and not yet given to who plays it.
    pub(super) tones: Vec<Tone>,
    /// There is no window any more.
    pub(super) gone: bool,
    pub(super) busy: bool,
    /// Code and facts of what went wrong.
    pub(super) error: Option<(String, String)>,
}

impl View {
    /// Whether the post of who is signed in has a duty.
    pub(super) fn may(&self, duty: Duty) -> bool {
        self.post.is_some_and(|post| duty.belongs_to(post))
    }

    /// The same without anything that only who is signed in may see.
    pub(super) fn emptied(&self, place: Place) -> Self {
        Self {
            place,
            home: self.home.clone(),
            unit: self.unit.clone(),
            practice: self.practice,
            made: self.made.clone(),
            restored: self.restored.clone(),
            recovered: self.recovered.clone(),
            pins_asked: self.pins_asked,
            gone: self.gone,
            ..Self::default()
        }
    }
}

/// Where an act reaches the world by the list of revoked certificates: key of what is still to be done about it,
/// and code and facts of why the station could not publish it.
pub(super) type OnList = (Option<&'static str>, Option<(String, String)>);

/// The same of what the station says.
pub(super) fn on_list(standing: Option<&CrlStanding>) -> OnList {
    match standing {
        Some(CrlStanding::Due(error)) => {
            let told = |error: &Error| (error.code.to_owned(), error.subject.clone());
            (Some("ui-crl-due"), error.as_ref().map(told))
        }
        Some(CrlStanding::Ordered) => (Some("ui-crl-ordered"), None),
        Some(CrlStanding::Published) | None => (None, None),
    }
}

/// Where the window stands.
#[derive(Clone, Debug, Default)]
pub(super) enum Place {
    /// Nothing is known yet.
    #[default]
    Opening,
    /// There is no home yet.
    FirstRun(FirstRun),
    /// Nobody is signed in.
    Door(DoorView),
    /// An officer is signed in.
    Desk,
}

/// The door of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DoorView {
    pub(super) door: Door,
    /// How the desk was left, if somebody was signed in before.
    pub(super) left: Option<Left>,
    /// Who is chosen before a person chooses.
    pub(super) last: Option<OfficerName>,
}

/// How a desk is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// By the button.
    SignedOut,
    /// Nobody touched it for too long.
    Locked,
    /// In practice: a trainee goes on in another post.
    ToPost(Post),
    /// In practice: the power was cut.
    PowerCut,
}

/// What became of the last hand-out.
#[derive(Clone, Debug)]
pub(super) struct HandedOutNote {
    pub(super) serial: Serial,
    pub(super) hold: bool,
    /// An old certificate was revoked for it (D-42).
    pub(super) replaced: bool,
    /// What is still to be done about the CRL: key of its words.
    pub(super) crl: Option<&'static str>,
    /// Code and facts of why the station could not publish it.
    pub(super) crl_error: Option<(String, String)>,
}

/// One ukey at work, or just done.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) request: String,
    pub(super) serial: Serial,
    /// When the work that goes on now began.
    pub(super) begun: Option<Timestamp>,
    pub(super) now: Option<Step>,
    pub(super) steps: Vec<StepReport>,
    pub(super) result: Option<RunResult>,
}
