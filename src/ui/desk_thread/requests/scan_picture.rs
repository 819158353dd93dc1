//! A scan as pixels, made where nothing waits for it.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

use crate::domain::scan::ScanKind;
use crate::ui::requests_view::Pixels;

/// Longest side of what is drawn: an A4 page is legible, and a card takes any texture of that size.
const LONGEST: u32 = 2000;
/// A picture that unpacks to more is not drawn.
const MOST_BYTES: u64 = 512 << 20;
const MOST_SIDE: u32 = 30_000;

/// The pixels of a PNG or JPEG; `None` for a PDF, and for what does not unpack.
pub(super) fn decode(kind: ScanKind, content: &[u8]) -> Option<Pixels> {
    let format = match kind {
        ScanKind::Pdf => return None,
        ScanKind::Jpeg => ImageFormat::Jpeg,
        ScanKind::Png => ImageFormat::Png,
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits);
    let picture = reader.decode();
    let picture = picture.inspect_err(|error| tracing::info!("a scan is not drawn: {error}"));
    let mut picture = picture.ok()?;
    if picture.width().max(picture.height()) > LONGEST {
        picture = picture.thumbnail(LONGEST, LONGEST);
    }
    let rgba = picture.into_rgba8();
    let (width, height) = rgba.dimensions();
    Some(Pixels {
        size: [usize::try_from(width).ok()?, usize::try_from(height).ok()?],
        rgba: rgba.into_raw(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../../../../tests/support/scan.png");

    #[test]
    fn a_picture_is_drawn_and_what_is_none_is_not() {
        let pixels = decode(ScanKind::Png, PNG).unwrap();
        let [width, height] = pixels.size;
        assert!(width > 0 && pixels.rgba.len() == width * height * 4);
        assert!(decode(ScanKind::Pdf, b"%PDF-1.7").is_none());
        assert!(decode(ScanKind::Jpeg, PNG).is_none(), "by its kind");
        assert!(decode(ScanKind::Png, &PNG[..PNG.len() / 2]).is_none());
    }

    #[test]
    fn a_large_jpeg_is_drawn_smaller() {
        let large = image::RgbImage::from_pixel(2200, 110, image::Rgb([200, 30, 30]));
        let mut bytes = Cursor::new(Vec::new());
        large.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        let pixels = decode(ScanKind::Jpeg, bytes.get_ref()).unwrap();
        assert_eq!(pixels.size, [2000, 100]);
        assert!(pixels.rgba[0] > 150 && pixels.rgba[1] < 80);
    }
}
