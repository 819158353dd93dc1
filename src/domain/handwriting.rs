//! `Handwriting`: what a person wrote with mouse or pen, as lines inside a field. Knows no field's size.

/// Most points that are kept: far more than a name takes.
const MOST_POINTS: usize = 20_000;

/// Lines from point to point; (0, 0) is the top left corner of the field and (1, 1) the other one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handwriting(Vec<Vec<(f32, f32)>>);

impl Handwriting {
    /// Begins a line; it has no point yet.
    pub fn begin(&mut self) {
        if self.0.last().is_none_or(|line| !line.is_empty()) {
            self.0.push(Vec::new());
        }
    }

    /// Goes on to this point; one outside of the field stays at its edge, one that is no place counts nothing.
    pub fn go_to(&mut self, (x, y): (f32, f32)) {
        if !(x.is_finite() && y.is_finite()) || self.points() >= MOST_POINTS {
            return;
        }
        let point = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
        if let Some(line) = self.0.last_mut()
            && line.last() != Some(&point)
        {
            line.push(point);
        }
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.points() == 0
    }

    /// The lines.
    pub fn lines(&self) -> &[Vec<(f32, f32)>] {
        &self.0
    }

    fn points(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_in_its_field_and_ends_somewhere() {
        let mut written = Handwriting::default();
        written.go_to((0.5, 0.5));
        assert!(written.is_empty(), "no line was begun");
        written.begin();
        written.begin();
        for point in [(0.1, 0.2), (0.1, 0.2), (1.5, -3.0), (f32::NAN, 0.1)] {
            written.go_to(point);
        }
        assert_eq!(written.lines(), [vec![(0.1, 0.2), (1.0, 0.0)]]);
        written.begin();
        for at in 0..30_000_u16 {
            written.go_to((f32::from(at % 7) / 7.0, 0.5));
        }
        assert_eq!(written.points(), MOST_POINTS);
    }
}
