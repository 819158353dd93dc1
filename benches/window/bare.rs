//! A bare eframe window with one Chinese line, in the system's font: what `benches/window.sh` measures ours beside.
//! Says on stderr how long each frame took, as ours does with `RUST_LOG=ukey_station::frames=trace`.
#![expect(clippy::print_stderr, reason = "a measurement for people")]

use std::sync::Arc;

use eframe::egui;
use egui_system_font_provider::SystemFontProvider;

struct Bare;

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        match frame.info().cpu_usage {
            Some(secs) => eprintln!("frame ms={}", secs * 1000.0),
            None => ui.ctx().request_repaint(), // The first one is told by the second.
        }
        egui::CentralPanel::default().show(ui, |ui| ui.label("制证台"));
    }
}

fn main() -> eframe::Result {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 760.0]),
        ..eframe::NativeOptions::default()
    };
    let start = |creation: &eframe::CreationContext<'_>| {
        let system = SystemFontProvider::new().with_locale(Some("zh-Hans"));
        creation.egui_ctx.add_font_provider(Arc::new(system));
        let app: Box<dyn eframe::App> = Box::new(Bare);
        Ok(app)
    };
    eframe::run_native("bare", options, Box::new(start))
}
