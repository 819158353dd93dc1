//! Draws a window without a graphics card, the same on every machine: the triangles that egui gives a
//! painter, with their colours and textures, one after the other over the ones before.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::iter_over_hash_type,
    reason = "pixels of a screen; textures in any order"
)]

use std::collections::BTreeMap;
use std::mem;

use eframe::egui::epaint::{Mesh, Primitive, Vertex};
use eframe::egui::{
    self, Color32, ColorImage, ImageData, Pos2, Rect, TextureId, TexturesDelta, pos2,
};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

/// A painter on a plain picture.
#[derive(Default)]
pub(super) struct Raster {
    textures: BTreeMap<TextureId, ColorImage>,
}

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, parts) in delta.set.drain() {
            for part in parts {
                let ImageData::Color(image) = part.image;
                match (part.pos, self.textures.get_mut(&id)) {
                    (Some(at), Some(texture)) => put(texture, at, &image),
                    _ => drop(self.textures.insert(id, (*image).clone())),
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.content_rect().size() * scale;
        let mut picture = ColorImage::filled(
            [size.x.round() as usize, size.y.round() as usize],
            ctx.global_style().visuals.panel_fill,
        );
        for part in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = &part.primitive else {
                continue; // Nothing here paints by itself.
            };
            let texture = self.textures.get(&mesh.texture_id);
            let texture = texture.ok_or_else(|| "a texture is not there".to_owned())?;
            fill(&mut picture, texture, mesh, (part.clip_rect, scale));
        }
        let [width, height] = picture.size.map(|side| side as u32);
        let bytes = picture.pixels.iter().flat_map(|pixel| {
            let Rgba(bytes) = Rgba(pixel.to_array());
            bytes
        });
        RgbaImage::from_raw(width, height, bytes.collect()).ok_or_else(|| "no picture".to_owned())
    }
}

/// Puts a part into a texture.
fn put(texture: &mut ColorImage, [left, top]: [usize; 2], part: &ColorImage) {
    for (row, pixels) in part.pixels.chunks(part.size[0]).enumerate() {
        let start = (top + row) * texture.size[0] + left;
        texture.pixels[start..start + pixels.len()].copy_from_slice(pixels);
    }
}

fn fill(picture: &mut ColorImage, texture: &ColorImage, mesh: &Mesh, (clip, scale): (Rect, f32)) {
    let clip = Rect::from_min_max(
        (clip.min.to_vec2() * scale).round().to_pos2(),
        (clip.max.to_vec2() * scale).round().to_pos2(),
    );
    let [width, height] = picture.size.map(|side| side as f32);
    let clip = clip.intersect(Rect::from_min_max(Pos2::ZERO, pos2(width, height)));
    for corners in mesh.indices.chunks_exact(3) {
        let corner = |at: usize| {
            let vertex = mesh.vertices[corners[at] as usize];
            let pos = (vertex.pos.to_vec2() * scale).to_pos2();
            Vertex { pos, ..vertex }
        };
        triangle(picture, texture, [corner(0), corner(1), corner(2)], clip);
    }
}

/// Twice the area of a triangle; negative when it runs against the clock.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether the pixels on an edge belong to its triangle: of two that share it to one.
fn is_top_or_left(from: Pos2, to: Pos2) -> bool {
    to.y < from.y || (to.y - from.y == 0.0 && to.x > from.x)
}

fn triangle(picture: &mut ColorImage, texture: &ColorImage, corners: [Vertex; 3], clip: Rect) {
    let [a, mut b, mut c] = corners;
    let mut whole = area(a.pos, b.pos, c.pos);
    if whole == 0.0 {
        return;
    }
    if whole < 0.0 {
        mem::swap(&mut b, &mut c);
        whole = -whole;
    }
    let mut around = Rect::NOTHING;
    for corner in [a, b, c] {
        around.extend_with(corner.pos);
    }
    let around = around.intersect(clip);
    if !around.is_positive() {
        return;
    }
    let inside = |from: Pos2, to: Pos2, at: Pos2| {
        let side = area(from, to, at);
        (side > 0.0 || (side == 0.0 && is_top_or_left(from, to))).then_some(side / whole)
    };
    for y in around.min.y as usize..around.max.y.ceil() as usize {
        for x in around.min.x as usize..around.max.x.ceil() as usize {
            let at = pos2(x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(at) {
                continue;
            }
            let (Some(of_a), Some(of_b), Some(of_c)) = (
                inside(b.pos, c.pos, at),
                inside(c.pos, a.pos, at),
                inside(a.pos, b.pos, at),
            ) else {
                continue;
            };
            let mix =
                |value: fn(&Vertex) -> f32| value(&a) * of_a + value(&b) * of_b + value(&c) * of_c;
            let uv = pos2(mix(|vertex| vertex.uv.x), mix(|vertex| vertex.uv.y));
            let texel = sample(texture, uv);
            let color: [f32; 4] = [
                mix(|vertex| vertex.color.r().into()),
                mix(|vertex| vertex.color.g().into()),
                mix(|vertex| vertex.color.b().into()),
                mix(|vertex| vertex.color.a().into()),
            ];
            let under = &mut picture.pixels[y * picture.size[0] + x];
            *under = over(*under, texel, color);
        }
    }
}

/// The texture between its four nearest pixels.
fn sample(texture: &ColorImage, uv: Pos2) -> [f32; 4] {
    let [width, height] = texture.size;
    let (x, y) = (uv.x * width as f32 - 0.5, uv.y * height as f32 - 0.5);
    let mut mixed = [0.0; 4];
    for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let (left, top) = (x.floor() + dx, y.floor() + dy);
        let part = (1.0 - (x - left).abs()) * (1.0 - (y - top).abs());
        let column = (left.max(0.0) as usize).min(width - 1);
        let row = (top.max(0.0) as usize).min(height - 1);
        let pixel = texture.pixels[row * width + column].to_array();
        for (sum, value) in mixed.iter_mut().zip(pixel) {
            *sum += part * f32::from(value);
        }
    }
    mixed
}

/// A colour over another one; both carry their transparency in them, as egui's do.
fn over(under: Color32, texel: [f32; 4], color: [f32; 4]) -> Color32 {
    let above: Vec<f32> = texel
        .iter()
        .zip(color)
        .map(|(t, c)| t * c / 255.0)
        .collect();
    let seen_through = 1.0 - above[3] / 255.0;
    let mixed = under.to_array().into_iter().zip(&above);
    let mixed: Vec<u8> = mixed
        .map(|(under, above)| (f32::from(under) * seen_through + above).round() as u8)
        .collect();
    Color32::from_rgba_premultiplied(mixed[0], mixed[1], mixed[2], mixed[3])
}
