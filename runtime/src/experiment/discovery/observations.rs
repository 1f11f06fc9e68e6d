//! Observations of fields: frames at some times, of every field at every node.

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldData {
    /// Numbers in a frame: fields times nodes.
    pub n_fields: usize,
    /// Nodes.
    pub len: usize,
    /// The runs.
    pub runs: Vec<Frames>,
}

/// One run of the system.
#[derive(Debug, Clone, PartialEq)]
pub struct Frames {
    /// Where it comes from, for messages.
    pub name: String,
    /// Ascending times.
    pub times: Vec<f64>,
    /// One frame after the other: field after field, node after node.
    pub values: Vec<f64>,
}

/// An interval between samples of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The run.
    pub run: usize,
    /// Its first frame.
    pub from: usize,
    /// Its last frame.
    pub to: usize,
}

/// Intervals up to so many times the shortest are as long as it, but for jitter.
const AS_SHORT: f64 = 1.5;

impl FieldData {
    /// Numbers in a frame.
    pub fn frame_len(&self) -> usize {
        self.n_fields * self.len
    }

    /// A frame of a run.
    pub fn frame(&self, run: usize, frame: usize) -> &[f64] {
        let len = self.frame_len();
        &self.runs[run].values[frame * len..(frame + 1) * len]
    }

    /// Number of frames in all runs.
    pub fn n_frames(&self) -> usize {
        self.runs.iter().map(|run| run.times.len()).sum()
    }

    /// How long an interval is.
    pub fn duration(&self, interval: Interval) -> f64 {
        let times = &self.runs[interval.run].times;
        times[interval.to] - times[interval.from]
    }

    /// Intervals between neighbours.
    pub fn intervals(&self) -> Vec<Interval> {
        let of_run = |(run, frames): (usize, &Frames)| {
            let pair = move |from| Interval {
                run,
                from,
                to: from + 1,
            };
            (0..frames.times.len().saturating_sub(1)).map(pair)
        };
        self.runs.iter().enumerate().flat_map(of_run).collect()
    }

    /// The shortest intervals: of samples taken in pairs or triples those within them.
    pub fn short_intervals(&self) -> Vec<Interval> {
        let mut all = self.intervals();
        let shortest = all.iter().map(|i| self.duration(*i));
        let shortest = shortest.fold(f64::INFINITY, f64::min);
        all.retain(|i| self.duration(*i) <= AS_SHORT * shortest);
        all
    }

    /// Standard deviation of each field, about its mean over all frames and nodes.
    pub fn deviations(&self) -> Vec<f64> {
        (0..self.n_fields)
            .map(|field| self.deviation(field))
            .collect()
    }

    fn deviation(&self, field: usize) -> f64 {
        let all = || {
            let frames = self.runs.iter();
            let frames = frames.flat_map(|run| run.values.chunks_exact(self.frame_len()));
            frames.flat_map(|frame| &frame[field * self.len..(field + 1) * self.len])
        };
        let n = (self.n_frames() * self.len).max(1) as f64;
        let mean = all().sum::<f64>() / n;
        (all().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
    }
}
