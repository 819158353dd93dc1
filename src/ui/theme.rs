//! Colours with names of meaning, type and space: the look of every page, in one file.

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, TextStyle, Theme, ThemePreference, Visuals,
};

use crate::domain::certificate::CertificateState;
use crate::domain::request::RequestState;
use crate::domain::stock_check::Verdict;
use crate::domain::ukey::UkeyState;
use crate::station::window_choices::ThemeChoice;

/// Colours by what they say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colors {
    pub(super) accent: Color32,
    pub(super) quiet: Color32,
    pub(super) good: Color32,
    pub(super) working: Color32,
    pub(super) attention: Color32,
    pub(super) stopped: Color32,
}

const LIGHT: Colors = Colors {
    accent: Color32::from_rgb(0x1b, 0x66, 0xc9),
    quiet: Color32::from_rgb(0x5a, 0x64, 0x72),
    good: Color32::from_rgb(0x1f, 0x7a, 0x3d),
    working: Color32::from_rgb(0x1b, 0x66, 0xc9),
    attention: Color32::from_rgb(0x8f, 0x5a, 0x00),
    stopped: Color32::from_rgb(0xb3, 0x26, 0x1e),
};
const DARK: Colors = Colors {
    accent: Color32::from_rgb(0x6a, 0xa6, 0xff),
    quiet: Color32::from_rgb(0x9a, 0xa4, 0xb1),
    good: Color32::from_rgb(0x6f, 0xcf, 0x8a),
    working: Color32::from_rgb(0x6a, 0xa6, 0xff),
    attention: Color32::from_rgb(0xe8, 0xb3, 0x4b),
    stopped: Color32::from_rgb(0xff, 0x8a, 0x80),
};

/// The colours of the present theme.
pub(super) fn colors(ui: &egui::Ui) -> Colors {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The one button of a page that goes on.
pub(super) fn primary(ui: &egui::Ui, word: String) -> egui::Button<'static> {
    let on_accent = if ui.visuals().dark_mode {
        rgb(0x15_181d)
    } else {
        Color32::WHITE
    };
    egui::Button::new(egui::RichText::new(word).color(on_accent))
        .fill(colors(ui).accent)
        .min_size(egui::vec2(120.0, 40.0))
}

/// Shape and colour of a ukey's state; its word stands beside it everywhere.
pub(super) fn ukey_state(ui: &egui::Ui, state: UkeyState) -> (&'static str, Color32) {
    let colors = colors(ui);
    match state {
        UkeyState::Blank => ("○", colors.quiet),
        UkeyState::Allocated => ("◇", colors.working),
        UkeyState::Personalising => ("◐", colors.working),
        UkeyState::Issued => ("●", colors.good),
        UkeyState::HandedOut => ("✓", colors.good),
        UkeyState::Suspended => ("‖", colors.attention),
        UkeyState::Lost => ("✕", colors.stopped),
        UkeyState::Damaged => ("△", colors.stopped),
        UkeyState::Returned => ("□", colors.quiet),
        UkeyState::Dispatched => ("→", colors.accent),
        UkeyState::Destroyed => ("■", colors.quiet),
    }
}

/// Shape and colour of a certificate's state; its word stands beside it everywhere.
pub(super) fn certificate_state(ui: &egui::Ui, state: CertificateState) -> (&'static str, Color32) {
    let colors = colors(ui);
    match state {
        CertificateState::Active => ("●", colors.good),
        CertificateState::Hold => ("‖", colors.attention),
        CertificateState::Revoked => ("✕", colors.stopped),
        CertificateState::Expired => ("□", colors.quiet),
        CertificateState::Pending => ("◐", colors.working),
    }
}

/// Shape and colour of an application's state; its word stands beside it everywhere.
pub(super) fn request_state(ui: &egui::Ui, state: RequestState) -> (&'static str, Color32) {
    let colors = colors(ui);
    match state {
        RequestState::Draft => ("○", colors.quiet),
        RequestState::Submitted => ("◇", colors.attention),
        RequestState::Approved => ("◆", colors.working),
        RequestState::Personalising => ("◐", colors.working),
        RequestState::Pending => ("‖", colors.attention),
        RequestState::Issued => ("●", colors.good),
        RequestState::HandedOut => ("✓", colors.good),
        RequestState::Closed => ("■", colors.quiet),
        RequestState::Returned => ("←", colors.attention),
        RequestState::Rejected => ("✕", colors.stopped),
        RequestState::Withdrawn => ("□", colors.quiet),
        RequestState::Expired => ("△", colors.stopped),
    }
}

/// Shape and colour of what a stock check says of a ukey.
pub(super) fn verdict(ui: &egui::Ui, verdict: Verdict) -> (&'static str, Color32) {
    let colors = colors(ui);
    match verdict {
        Verdict::Found => ("✓", colors.good),
        Verdict::Duplicate => ("=", colors.quiet),
        Verdict::OfOfficer => ("·", colors.quiet),
        Verdict::Unreadable => ("?", colors.attention),
        Verdict::Twice
        | Verdict::Unknown
        | Verdict::WrongState
        | Verdict::NotBlank
        | Verdict::SoLocked
        | Verdict::WrongModel
        | Verdict::ForeignObjects => ("✕", colors.stopped),
    }
}

/// Fill and edge of a state's part in a bar: as full as its shape.
pub(super) fn ukey_bar(ui: &egui::Ui, state: UkeyState) -> (Color32, Color32) {
    let (_shape, color) = ukey_state(ui, state);
    let strength = match state {
        UkeyState::Blank | UkeyState::Allocated | UkeyState::Returned => 0.18,
        UkeyState::Personalising | UkeyState::Dispatched | UkeyState::Suspended => 0.45,
        UkeyState::Issued | UkeyState::Lost | UkeyState::Destroyed => 1.0,
        UkeyState::HandedOut | UkeyState::Damaged => 0.7,
    };
    (color.gamma_multiply(strength), color)
}

/// Light, dark, or as the system has it.
pub(super) fn choose(ctx: &egui::Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
}

/// Applies it to the whole window, light and dark; light where the system does not say which it likes.
pub(super) fn apply(ctx: &egui::Context) {
    ctx.options_mut(|options| options.fallback_theme = Theme::Light);
    for (theme, ground, card, line, text, colors) in [
        (
            Theme::Light,
            0xf6_f7f9,
            0xff_ffff,
            0xe2_e5ea,
            0x1c_2127,
            LIGHT,
        ),
        (
            Theme::Dark,
            0x15_181d,
            0x1d_2127,
            0x2e_343d,
            0xe7_eaee,
            DARK,
        ),
    ] {
        let mut visuals = if theme == Theme::Dark {
            Visuals::dark()
        } else {
            Visuals::light()
        };
        visuals.panel_fill = rgb(ground);
        visuals.window_fill = rgb(card);
        visuals.faint_bg_color = rgb(card);
        visuals.extreme_bg_color = rgb(card);
        visuals.override_text_color = Some(rgb(text));
        visuals.weak_text_color = Some(colors.quiet);
        visuals.selection.bg_fill = colors.accent.gamma_multiply(0.25);
        visuals.hyperlink_color = colors.accent;
        visuals.widgets.noninteractive.bg_stroke.color = rgb(line);
        visuals.widgets.inactive.bg_stroke = egui::Stroke::new(1.0, rgb(line));
        visuals.text_edit_bg_color = Some(rgb(ground));
        for widget in [
            &mut visuals.widgets.noninteractive,
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
        ] {
            widget.corner_radius = CornerRadius::same(8);
        }
        ctx.set_visuals_of(theme, visuals);
    }
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 8.0);
        style.spacing.button_padding = egui::vec2(12.0, 6.0);
        style.spacing.interact_size.y = 32.0;
        for (kind, size) in [
            (TextStyle::Body, 15.0),
            (TextStyle::Button, 15.0),
            (TextStyle::Small, 13.0),
        ] {
            style
                .text_styles
                .insert(kind, FontId::new(size, FontFamily::Proportional));
        }
        let codes = FontId::new(14.0, FontFamily::Monospace);
        style.text_styles.insert(TextStyle::Monospace, codes);
    });
}

fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}
