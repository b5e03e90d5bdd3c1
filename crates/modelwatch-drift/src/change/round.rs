//! Finds round numbers near a number.

/// Returns the nearest number with this many decimal digits.
pub(super) fn to_digits(value: f64, digits: usize) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    // Only a round trip through text yields the double nearest to the decimal number.
    format!("{value:.*e}", digits.max(1) - 1).parse().unwrap_or(value)
}

/// Returns the power of ten nearest to a positive number.
pub(super) fn power_of_ten(about: f64) -> f64 {
    10_f64.powi(about.log10().round() as i32)
}

/// The factors of common changes of unit, besides the powers of ten.
const UNITS: [f64; 18] = [
    7.0,
    12.0,
    24.0,
    60.0,
    1_440.0,
    3_600.0,
    86_400.0,
    1_024.0,
    1_048_576.0,
    1.609_344,
    1.852,
    0.3048,
    2.54,
    0.453_592_37,
    28.349_523_125,
    3.6,
    33.863_89,
    std::f64::consts::PI / 180.0,
];

/// The changes of unit with a factor and a summand: degrees Fahrenheit, Celsius and Kelvin.
pub(super) const CONVERSIONS: [(f64, f64); 4] = [
    (1.8, 32.0),
    (1.0 / 1.8, -32.0 / 1.8),
    (1.0 / 1.8, 273.15 - 32.0 / 1.8),
    (1.8, 32.0 - 1.8 * 273.15),
];

/// Returns factors near this one that are likelier than it, the likeliest first: powers of ten, units, round numbers.
pub(super) fn factors(about: f64) -> impl Iterator<Item = f64> {
    let power = power_of_ten(about);
    let units = UNITS.into_iter().flat_map(|unit| [unit, 1.0 / unit]);
    let near = move |factor: &f64| (0.65..1.55).contains(&(factor / about));
    let reciprocal = |digits| 1.0 / to_digits(1.0 / about, digits);
    [power, to_digits(about, 1), reciprocal(1)]
        .into_iter()
        .chain(units)
        .chain([to_digits(about, 2), reciprocal(2), to_digits(about, 3), about])
        .filter(near)
}

/// Returns powers of ten and units less than `times` times away.
pub(super) fn likely(about: f64, times: f64) -> impl Iterator<Item = f64> {
    let power = power_of_ten(about);
    let units = [60.0, 3_600.0, 86_400.0]
        .into_iter()
        .flat_map(|unit| [unit, 1.0 / unit]);
    [power]
        .into_iter()
        .chain(units)
        .filter(move |factor| (1.0 / times..times).contains(&(factor / about)))
}

/// Returns summands near this one that are likelier than it, the roundest first.
pub(super) fn summands(about: f64) -> impl Iterator<Item = f64> {
    (1..=4).map(move |digits| to_digits(about, digits)).chain([about])
}
