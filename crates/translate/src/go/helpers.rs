//! Functions of Rust that Go has not, or has with another meaning: a package gets those that it uses.

use std::collections::BTreeSet;

/// A function in Go: its name, what it uses, and its text.
struct Helper {
    name: &'static str,
    uses: &'static [&'static str],
    text: &'static str,
}

const fn helper(name: &'static str, text: &'static str) -> Helper {
    Helper { name, uses: &[], text }
}

/// One that is for every type of integers.
const fn generic(name: &'static str, text: &'static str) -> Helper {
    Helper { name, uses: &["integer"], text }
}

/// All names, which a candidate's own must not be.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|helper| helper.name)
}

/// The texts of those that stand in these words, with those that they use.
pub(crate) fn texts(words: &BTreeSet<String>) -> Vec<&'static str> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    // A helper that is used by another one stands before it in the list.
    for helper in HELPERS.iter().rev() {
        if words.contains(helper.name) || wanted.contains(helper.name) {
            wanted.insert(helper.name);
            wanted.extend(helper.uses);
        }
    }
    HELPERS.iter().filter(|helper| wanted.contains(helper.name)).map(|helper| helper.text).collect()
}

const HELPERS: &[Helper] = &[
    helper(
        "integer",
        "type integer interface {\n\t~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64\n}\n",
    ),
    helper("negZero", "// negZero is what an empty sum of floats is in Rust.\nvar negZero = math.Copysign(0, -1)\n"),
    helper("infinity", "// infinity is above every number.\nvar infinity = math.Inf(1)\n"),
    helper("notANumber", "// notANumber compares as false with everything.\nvar notANumber = math.NaN()\n"),
    helper(
        "ptr",
        "// ptr returns a pointer to a value of its own.\nfunc ptr[T any](value T) *T {\n\treturn &value\n}\n",
    ),
    helper(
        "fmax",
        "// fmax returns the larger number; of a number and NaN, the number.\n\
         func fmax(a, b float64) float64 {\n\tif a > b || math.IsNaN(b) {\n\t\treturn a\n\t}\n\treturn b\n}\n",
    ),
    helper(
        "fmin",
        "// fmin returns the smaller number; of a number and NaN, the number.\n\
         func fmin(a, b float64) float64 {\n\tif a < b || math.IsNaN(b) {\n\t\treturn a\n\t}\n\treturn b\n}\n",
    ),
    helper(
        "clamp",
        "// clamp returns the nearest value from low to high; NaN stays what it is.\n\
         func clamp(x, low, high float64) float64 {\n\tif !(low <= high) {\n\t\tpanic(\"clamp: no such range\")\n\t}\n\
         \tif x < low {\n\t\treturn low\n\t}\n\tif x > high {\n\t\treturn high\n\t}\n\treturn x\n}\n",
    ),
    generic(
        "clampInt",
        "// clampInt returns the nearest value from low to high.\n\
         func clampInt[T integer](x, low, high T) T {\n\tif low > high {\n\t\tpanic(\"clampInt: no such range\")\n\t}\n\
         \treturn max(low, min(x, high))\n}\n",
    ),
    helper(
        "signum",
        "// signum returns 1 with the sign of x; NaN stays what it is.\n\
         func signum(x float64) float64 {\n\tif math.IsNaN(x) {\n\t\treturn x\n\t}\n\treturn math.Copysign(1, x)\n}\n",
    ),
    helper(
        "powi",
        "// powi returns x to an integer power, by repeated squaring.\n\
         func powi(x float64, exponent int32) float64 {\n\tresult, left := 1.0, uint32(max(exponent, -exponent))\n\
         \tfor base := x; left > 0; left >>= 1 {\n\t\tif left&1 == 1 {\n\t\t\tresult = float64(result * base)\n\t\t}\n\
         \t\tbase = float64(base * base)\n\t}\n\tif exponent < 0 {\n\t\treturn 1 / result\n\t}\n\treturn result\n}\n",
    ),
    generic(
        "toInt",
        "// toInt returns x without its fraction, or the nearest end of the range from low to high; NaN is 0.\n\
         func toInt[T integer](x float64, low, high T) T {\n\tswitch {\n\tcase math.IsNaN(x):\n\t\treturn 0\n\
         \tcase x <= float64(low):\n\t\treturn low\n\tcase x >= float64(high):\n\t\treturn high\n\t}\n\treturn T(x)\n}\n",
    ),
    generic(
        "truth",
        "// truth returns 1 for true, 0 for false.\n\
         func truth[T integer](is bool) T {\n\tif is {\n\t\treturn 1\n\t}\n\treturn 0\n}\n",
    ),
    generic(
        "satSub",
        "// satSub returns a - b, or 0 where b is larger.\n\
         func satSub[T integer](a, b T) T {\n\tif b > a {\n\t\treturn 0\n\t}\n\treturn a - b\n}\n",
    ),
    generic(
        "satAdd",
        "// satAdd returns a + b, or the largest number where that is larger.\n\
         func satAdd[T integer](a, b, highest T) T {\n\tif a > highest-b {\n\t\treturn highest\n\t}\n\treturn a + b\n}\n",
    ),
    generic(
        "satMul",
        "// satMul returns a * b, or the largest number where that is larger.\n\
         func satMul[T integer](a, b, highest T) T {\n\tif b != 0 && a > highest/b {\n\t\treturn highest\n\t}\n\
         \treturn a * b\n}\n",
    ),
    generic(
        "absDiff",
        "// absDiff returns how far a and b are apart.\n\
         func absDiff[T integer](a, b T) T {\n\tif a < b {\n\t\treturn b - a\n\t}\n\treturn a - b\n}\n",
    ),
    generic(
        "ipow",
        "// ipow returns x to a power.\n\
         func ipow[T integer](x T, exponent uint32) T {\n\tresult := T(1)\n\tfor ; exponent > 0; exponent >>= 1 {\n\
         \t\tif exponent&1 == 1 {\n\t\t\tresult *= x\n\t\t}\n\t\tx *= x\n\t}\n\treturn result\n}\n",
    ),
    generic(
        "euclidRem",
        "// euclidRem returns the remainder of a / b, never below 0.\n\
         func euclidRem[T integer](a, b T) T {\n\trest := a % b\n\tif rest < 0 {\n\t\tif b < 0 {\n\t\t\treturn rest - b\n\t\t}\n\
         \t\treturn rest + b\n\t}\n\treturn rest\n}\n",
    ),
    generic(
        "divCeil",
        "// divCeil returns a / b, rounded up.\n\
         func divCeil[T integer](a, b T) T {\n\tif a%b != 0 {\n\t\treturn a/b + 1\n\t}\n\treturn a / b\n}\n",
    ),
    helper(
        "totalOrder",
        "// totalOrder returns a key that orders floats, -0 before 0 and NaN at the ends.\n\
         func totalOrder(x float64) int64 {\n\tkey := int64(math.Float64bits(x))\n\
         \treturn key ^ int64(uint64(key>>63)>>1)\n}\n",
    ),
    helper("exp", ""),
    helper("log", ""),
    helper("tanh", ""),
    helper("expm1", ""),
    helper("pow", ""),
    helper("scalbn", ""),
];
