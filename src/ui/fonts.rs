//! Where the window's characters come from: egui's own fonts; then the system's, in the forms of simplified
//! Chinese; then the subset that is bundled, so that a desk without a Chinese font is read as well.

use std::sync::Arc;

use eframe::egui::epaint::text::{FallbackRequest, FontInsert, FontPriority, InsertFontFamily};
use eframe::egui::{Context, FontData};
use egui_system_font_provider::SystemFontProvider;

use crate::station::fonts;

/// Lets a window have the system's fonts, and the bundled one for what they lack.
pub(super) fn of_system(ctx: &Context) {
    // Unasked, a system in another language may give Han in the forms of Japan.
    let system = SystemFontProvider::new().with_locale(Some("zh-Hans"));
    ctx.add_font_provider(Arc::new(system));
    bundled(ctx);
}

/// Lets a window have the bundled font.
pub(super) fn bundled(ctx: &Context) {
    ctx.add_font_provider(Arc::new(of_subset));
}

fn of_subset(asked: &FallbackRequest<'_>) -> Option<FontInsert> {
    let font = fonts::bundled_with(asked.cluster.chars().next()?)?;
    Some(FontInsert {
        // Of two fonts with one name the first would be kept.
        name: format!("bundled {}", font.len()),
        data: FontData::from_static(font),
        families: vec![InsertFontFamily {
            family: asked.family.clone(),
            priority: FontPriority::Lowest,
        }],
    })
}
