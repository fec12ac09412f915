//! The maths in Go gives the bits of the crate `libm`.

use crate::go;
use std::fmt::Write;

/// Arguments of each function: half of them near where decisions are made, half of any size.
const COUNT: u64 = 50_000;

const MAIN: &str = r#"
func arguments(n uint64) (float64, float64) {
	z := n * 0x9E3779B97F4A7C15
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	z ^= z >> 31
	w := (z ^ 0x5851F42D4C957F2D) * 0xD6E8FEB86659FD93
	w ^= w >> 32
	if n%2 == 0 {
		return math.Float64frombits(z), math.Float64frombits(w)
	}
	return float64(int64(z>>11)-1<<52) / (1 << 49), float64(int64(w>>11)-1<<52) / (1 << 48)
}

func main() {
	functions := []func(x, y float64) float64{
		func(x, _ float64) float64 { return exp(x) },
		func(x, _ float64) float64 { return log(x) },
		func(x, _ float64) float64 { return tanh(x) },
		pow,
		func(x, y float64) float64 { return pow(math.Abs(x), y) },
		func(x, y float64) float64 { return pow(x, math.Floor(y)) },
	}
	for _, function := range functions {
		hash := uint64(0)
		for n := uint64(0); n < COUNT; n++ {
			value := function(arguments(n))
			bits := math.Float64bits(value)
			if math.IsNaN(value) {
				bits = 1
			}
			hash = (hash ^ bits) * 0x100000001B3
		}
		fmt.Println(hash)
	}
}
"#;

fn arguments(n: u64) -> (f64, f64) {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let mut w = (z ^ 0x5851_F42D_4C95_7F2D).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    w ^= w >> 32;
    if n.is_multiple_of(2) {
        return (f64::from_bits(z), f64::from_bits(w));
    }
    let centred = |bits: u64| ((bits >> 11) as i64 - (1 << 52)) as f64;
    (centred(z) / (1u64 << 49) as f64, centred(w) / (1u64 << 48) as f64)
}

#[test]
fn the_maths_in_go_gives_the_bits_of_libm() {
    let Some(go) = go::go() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "package main\n\nimport (\n\t\"fmt\"\n\t\"math\"\n)\n".to_owned();
    for (.., function) in translate::MATHS {
        write!(text, "\n{function}").expect("a text");
    }
    text.push_str(&MAIN.replace("COUNT", &COUNT.to_string()));
    std::fs::write(folder.path().join("main.go"), text).expect("a file");
    std::fs::write(folder.path().join("go.mod"), "module maths\n\ngo 1.22\n").expect("a file");
    let output = go::run(&go, folder.path(), &["run", "."]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("text");
    let found: Vec<u64> = printed.lines().map(|line| line.parse().expect("a number")).collect();
    let functions: [fn(f64, f64) -> f64; 6] = [
        |x, _| libm::exp(x),
        |x, _| libm::log(x),
        |x, _| libm::tanh(x),
        libm::pow,
        |x, y| libm::pow(x.abs(), y),
        |x, y| libm::pow(x, y.floor()),
    ];
    for (at, function) in functions.iter().enumerate() {
        let hash = (0..COUNT).map(arguments).fold(0u64, |hash, (x, y)| {
            let value = function(x, y);
            let bits = if value.is_nan() { 1 } else { value.to_bits() };
            (hash ^ bits).wrapping_mul(0x100_0000_01B3)
        });
        assert_eq!(found[at], hash, "function {at}");
    }
}
