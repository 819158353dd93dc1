//! Where the window's characters come from: egui's own fonts; then the system's; then those that are bundled, so
//! that a desk without a Chinese font is read as well.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui::epaint::text::{
    FallbackRequest, FontInsert, FontPriority, FontProvider, InsertFontFamily,
};
use eframe::egui::{Context, FontData};
use egui_system_font_provider::SystemFontProvider;

use crate::station::fonts;

/// Lets a window have the system's fonts, and the bundled ones for what they lack.
pub(super) fn of_system(ctx: &Context) {
    // Where fontconfig works in another language it may give Han in the forms of Japan all the same.
    let system = SystemFontProvider::new().with_locale(Some("zh-Hans"));
    ctx.add_font_provider(Arc::new(AsLongAsItHolds::new(system)));
    bundled(ctx);
}

/// Lets a window have the bundled fonts.
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

/// A source of fonts that may panic, and is asked no more once it has: where a system has no font at all, the
/// search for them does (fontique 0.11), and would take the window with it.
struct AsLongAsItHolds<P> {
    provider: P,
    broken: AtomicBool,
}

impl<P> AsLongAsItHolds<P> {
    const fn new(provider: P) -> Self {
        Self {
            provider,
            broken: AtomicBool::new(false),
        }
    }
}

impl<P: FontProvider> FontProvider for AsLongAsItHolds<P> {
    fn font_for(&self, asked: &FallbackRequest<'_>) -> Option<FontInsert> {
        if self.broken.load(Ordering::Relaxed) {
            return None;
        }
        // Whatever state it was left in: nobody sees it again.
        let found = catch_unwind(AssertUnwindSafe(|| self.provider.font_for(asked)));
        found.unwrap_or_else(|_panic| {
            tracing::warn!("the fonts of this system cannot be read");
            self.broken.store(true, Ordering::Relaxed);
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use eframe::egui::FontFamily;

    use super::*;

    #[test]
    fn a_system_whose_fonts_cannot_be_read_is_asked_once_and_takes_nothing_with_it() {
        let asked = AtomicUsize::new(0);
        let provider = AsLongAsItHolds::new(|_asked: &FallbackRequest<'_>| {
            asked.fetch_add(1, Ordering::Relaxed);
            panic!("no font");
        });
        let request = FallbackRequest {
            cluster: "证",
            family: &FontFamily::Proportional,
        };
        for _ in 0..2 {
            assert!(provider.font_for(&request).is_none());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(of_subset(&request).is_some());
    }
}
