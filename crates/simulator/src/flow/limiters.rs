//! The built-in limiters.

use super::limiter::{Attempt, Limiter};

/// One ceiling for the highest band, and lower ones in even steps down to the lowest. With the threshold 1 all are 1: the
/// constant ceiling, under which bands differ in order only.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    lowest: f64,
}

impl Threshold {
    /// With this ceiling for the lowest band, above 0 and at most 1.
    pub fn new(lowest: f64) -> Self {
        Threshold { lowest }
    }
}

impl Limiter for Threshold {
    fn limit(&mut self, _: &Attempt<'_>, ceilings: &mut [f64]) {
        let steps = ceilings.len().saturating_sub(1).max(1) as f64;
        for (band, ceiling) in ceilings.iter_mut().enumerate() {
            *ceiling = 1.0 - (band as f64 * (1.0 - self.lowest)) / steps;
        }
    }

    fn foreseen(&self) -> Option<u64> {
        Some(u64::MAX)
    }
}

/// llm-d's soft reflective ceilings: the busier the instances, the rarer the calls at which lower bands are open.
///
/// A lower band is gated where the saturation s reaches its reflection 1 − i · s / (bands − 1). Gated bands are open at every
/// p-th call, p = round(s / (1 − s)), and not at all from s = 1 on. The calls are counted while 0.5 ≤ s < 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoftReflective {
    /// Calls counted so far.
    calls: u64,
    /// At every how many-th call gated bands are open, as of the last call; 0 if that was not counted.
    period: u64,
}

impl SoftReflective {
    fn is_open(&self) -> bool {
        self.period > 0 && self.calls.is_multiple_of(self.period)
    }
}

impl Limiter for SoftReflective {
    fn limit(&mut self, attempt: &Attempt<'_>, ceilings: &mut [f64]) {
        self.period = 0;
        let saturation = attempt.saturation;
        let steps = ceilings.len().saturating_sub(1) as f64;
        if ceilings.len() > 1 && saturation >= 1.0 - saturation && saturation < 1.0 {
            // Without the last term there would be nothing to divide by next to 1.
            self.period = ((saturation / (1.0 - saturation + 1e-9)).round() as u64).max(1);
            self.calls += 1;
        }
        let gated = if self.is_open() { 1.0 } else { 0.0 };
        for (band, ceiling) in ceilings.iter_mut().enumerate() {
            let reflection = 1.0 - (band as f64 * saturation) / steps;
            let is_free = band == 0 || saturation < reflection;
            *ceiling = if is_free { 1.0 } else { gated };
        }
    }

    fn foreseen(&self) -> Option<u64> {
        Some(match self.period {
            0 | 1 => u64::MAX,
            _ if self.is_open() => 0,
            period => period - 1 - self.calls % period,
        })
    }

    fn repeat(&mut self, calls: u64) {
        if self.period > 0 {
            self.calls += calls;
        }
    }
}

/// A built-in limiter, by name. One value serves one run; clone it, unused, for more.
#[derive(Clone, Debug, PartialEq)]
pub enum Builtin {
    /// `constant`, `threshold(0.9)`
    Threshold(Threshold),
    /// `soft-reflective`
    SoftReflective(SoftReflective),
}

const NAMES: &str = "constant, threshold(T) and soft-reflective";

impl Builtin {
    /// Reads a name, with its parameter if it has one, as in `threshold(0.9)`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "constant" => return Ok(Builtin::Threshold(Threshold::new(1.0))),
            "soft-reflective" => return Ok(Builtin::SoftReflective(SoftReflective::default())),
            _ => {}
        }
        let (name, inside) = text.split_once('(').unwrap_or((text, ""));
        if name.trim_end() != "threshold" {
            return Err(format!("no built-in limiter is called `{text}`; there are {NAMES}"));
        }
        let inside = inside.strip_suffix(')').unwrap_or("").trim();
        let value = inside.strip_prefix("t=").unwrap_or(inside);
        match value.trim().parse::<f64>() {
            Ok(lowest) if lowest > 0.0 && lowest <= 1.0 => Ok(Builtin::Threshold(Threshold::new(lowest))),
            _ => Err(format!("`{text}`: threshold takes a number above 0 and at most 1, as in threshold(0.9)")),
        }
    }
}

impl Limiter for Builtin {
    fn limit(&mut self, attempt: &Attempt<'_>, ceilings: &mut [f64]) {
        match self {
            Builtin::Threshold(limiter) => limiter.limit(attempt, ceilings),
            Builtin::SoftReflective(limiter) => limiter.limit(attempt, ceilings),
        }
    }

    fn foreseen(&self) -> Option<u64> {
        match self {
            Builtin::Threshold(limiter) => limiter.foreseen(),
            Builtin::SoftReflective(limiter) => limiter.foreseen(),
        }
    }

    fn repeat(&mut self, calls: u64) {
        match self {
            Builtin::Threshold(limiter) => limiter.repeat(calls),
            Builtin::SoftReflective(limiter) => limiter.repeat(calls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ceilings(limiter: &mut impl Limiter, saturation: f64, bands: usize) -> Vec<f64> {
        let mut ceilings = vec![1.0; bands];
        let attempt = Attempt { saturation, priorities: &[4, 3, -1, -2][..bands], ..Attempt::default() };
        limiter.limit(&attempt, &mut ceilings);
        ceilings
    }

    #[test]
    fn a_threshold_falls_in_even_steps_from_1_to_itself_and_1_is_the_constant_ceiling() {
        assert_eq!(ceilings(&mut Threshold::new(0.5), 0.9, 1), [1.0]);
        assert_eq!(ceilings(&mut Threshold::new(0.5), 0.9, 2), [1.0, 0.5]);
        assert_eq!(ceilings(&mut Threshold::new(0.25), 0.0, 4), [1.0, 0.75, 0.5, 0.25]);
        assert_eq!(ceilings(&mut Threshold::new(1.0), 2.0, 4), [1.0; 4]);
    }

    #[test]
    fn a_gated_band_is_open_at_every_pth_call_and_never_from_saturation_1_on() {
        for (saturation, period) in [(0.5, 1), (0.59, 1), (0.61, 2), (0.72, 3), (0.78, 4), (0.9, 9), (0.99, 99)] {
            let mut limiter = SoftReflective::default();
            let open = (0..10 * period).filter(|_| ceilings(&mut limiter, saturation, 2) == [1.0, 1.0]).count();
            assert_eq!(open, 10, "{saturation}");
        }
        let mut limiter = SoftReflective::default();
        assert_eq!(ceilings(&mut limiter, 1.0, 3), [1.0, 0.0, 0.0]);
        // The middle band's reflection is 0.675.
        assert_eq!(ceilings(&mut limiter, 0.65, 3), [1.0, 1.0, 0.0]);
        assert_eq!(ceilings(&mut limiter, 0.65, 3), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn calls_below_a_half_from_1_on_or_with_a_single_band_are_not_counted() {
        let mut limiter = SoftReflective::default();
        for (saturation, bands) in [(0.49, 2), (1.0, 2), (7.0, 3), (0.9, 1), (0.9, 0)] {
            ceilings(&mut limiter, saturation, bands);
            assert_eq!((limiter.calls, limiter.foreseen()), (0, Some(u64::MAX)), "{saturation}, {bands} bands");
        }
    }

    #[test]
    fn what_is_foreseen_is_what_further_calls_answer_and_repeating_counts_as_calling() {
        for saturation in [0.3, 0.5, 0.6, 0.75, 0.9, 0.99, 1.0, 1.5] {
            let mut called = SoftReflective::default();
            for _ in 0..300 {
                let answer = ceilings(&mut called, saturation, 3);
                let foreseen = called.foreseen().unwrap().min(200);
                let mut repeated = called.clone();
                repeated.repeat(foreseen);
                let mut further = called.clone();
                assert!((0..foreseen).all(|_| ceilings(&mut further, saturation, 3) == answer), "{saturation}");
                assert_eq!(repeated, further, "{saturation}");
                if foreseen < 200 {
                    assert_ne!(ceilings(&mut further, saturation, 3), answer, "{saturation}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_name_or_threshold_is_answered_with_what_there_is() {
        assert_eq!(Builtin::parse("threshold(0.9)"), Ok(Builtin::Threshold(Threshold::new(0.9))));
        assert_eq!(Builtin::parse(" threshold ( t=1 ) "), Builtin::parse("constant"));
        for (text, expected) in [
            ("soft", "there are constant, threshold(T) and soft-reflective"),
            ("", "no built-in limiter"),
            ("constant(1)", "no built-in limiter"),
            ("threshold", "as in threshold(0.9)"),
            ("threshold(0.9", "as in threshold(0.9)"),
            ("threshold(0)", "above 0"),
            ("threshold(1.1)", "at most 1"),
            ("threshold(NaN)", "a number"),
            ("threshold(k=0.5)", "a number"),
        ] {
            let error = Builtin::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
