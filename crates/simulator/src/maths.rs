//! The maths library that policies and samplers share, so that a seed gives the same bits on every host.

use admitter::MathsTable;

/// `sqrt, exp, ln, tanh, floor, ceil, powf` from `libm`.
pub static TABLE: MathsTable = [sqrt, exp, ln, tanh, floor, ceil, powf];

/// Gives the contract's [`admitter::Maths`] its functions; doing it again changes nothing.
pub fn install() {
    admitter::install_maths(&TABLE);
}

extern "C" fn sqrt(x: f64, _: f64) -> f64 {
    libm::sqrt(x)
}
extern "C" fn exp(x: f64, _: f64) -> f64 {
    libm::exp(x)
}
extern "C" fn ln(x: f64, _: f64) -> f64 {
    libm::log(x)
}
extern "C" fn tanh(x: f64, _: f64) -> f64 {
    libm::tanh(x)
}
extern "C" fn floor(x: f64, _: f64) -> f64 {
    libm::floor(x)
}
extern "C" fn ceil(x: f64, _: f64) -> f64 {
    libm::ceil(x)
}
extern "C" fn powf(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

#[cfg(test)]
mod tests {
    use admitter::Maths;

    #[test]
    fn the_contract_reaches_every_function() {
        super::install();
        assert_eq!(Maths::sqrt(2.25), 1.5);
        assert_eq!(Maths::exp(0.0), 1.0);
        assert_eq!(Maths::ln(1.0), 0.0);
        assert_eq!(Maths::tanh(0.0), 0.0);
        assert_eq!(Maths::floor(-1.5), -2.0);
        assert_eq!(Maths::ceil(-1.5), -1.0);
        assert_eq!(Maths::powf(2.0, 5.0), 32.0);
    }
}
