//! The jail as a program of its own, for the tests of this crate. In production the command itself plays this part.

extern "C" fn add(x: f64, y: f64) -> f64 {
    x + y
}

extern "C" fn sqrt(x: f64, _: f64) -> f64 {
    x.sqrt()
}

static MATHS: [sandbox::jail::MathsFn; 2] = [add, sqrt];

fn main() {
    sandbox::jail::main(std::env::args_os().skip(2), &MATHS)
}
