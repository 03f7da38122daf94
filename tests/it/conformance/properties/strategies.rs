//! Values of each type, the edges among them often.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::select;
use twinbase::types::{Date, Decimal, Json, Timestamp, Uuid};

/// One in five is an edge.
fn edged<T: Clone + std::fmt::Debug + 'static>(
    edges: Vec<T>,
    rest: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> + 'static {
    prop_oneof![1 => select(edges), 4 => rest]
}

pub(super) fn boolean() -> impl Strategy<Value = bool> + 'static {
    any::<bool>()
}

pub(super) fn small() -> impl Strategy<Value = i16> + 'static {
    edged(vec![i16::MIN, i16::MAX, -1, 0, 1], any::<i16>())
}

pub(super) fn integer() -> impl Strategy<Value = i32> + 'static {
    edged(vec![i32::MIN, i32::MAX, -1, 0, 1], any::<i32>())
}

pub(super) fn big() -> impl Strategy<Value = i64> + 'static {
    // Beyond 2^53 a float would lose the last digit.
    let edges = vec![
        i64::MIN,
        i64::MAX,
        i64::MIN + 1,
        i64::MAX - 1,
        0,
        -1,
        9_007_199_254_740_993,
    ];
    edged(edges, any::<i64>())
}

pub(super) fn float() -> impl Strategy<Value = f64> + 'static {
    let edges = vec![
        0.0,
        -0.0,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        -f64::from_bits(1),
        f64::from_bits(0x000f_ffff_ffff_ffff),
        f64::EPSILON,
        0.1,
        1.0,
        1e15,
        9_007_199_254_740_993.0,
    ];
    let kinds = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    edged(edges, kinds)
}

/// Any character but NUL, which PostgreSQL can't store.
fn characters(most: usize) -> impl Strategy<Value = String> + 'static {
    let character = prop_oneof![
        4 => prop::char::range(' ', '~'),
        1 => prop::char::range('\u{1}', '\u{1f}'),
        1 => prop::char::range('\u{80}', '\u{d7ff}'),
        1 => prop::char::range('\u{e000}', '\u{ffff}'),
        1 => prop::char::range('\u{10000}', '\u{10ffff}'),
    ];
    prop::collection::vec(character, 0..=most).prop_map(String::from_iter)
}

pub(super) fn text() -> impl Strategy<Value = String> + 'static {
    let edges = [
        "",
        " ",
        "a ",
        "A",
        "a",
        "ä",
        "a\u{308}",
        "'",
        "\"",
        "\\",
        "%_",
        "\u{1f600}",
        "\u{ffff}",
        "10",
        "9",
        "NULL",
    ];
    let mut edges: Vec<String> = edges.map(String::from).into();
    edges.push("x".repeat(10_000));
    edged(edges, characters(20))
}

pub(super) fn short_text() -> impl Strategy<Value = String> + 'static {
    edged(
        ["", "     ", "\u{1f600}äöüß", "12345"]
            .map(String::from)
            .into(),
        characters(5),
    )
}

pub(super) fn bytes() -> impl Strategy<Value = Vec<u8>> + 'static {
    let edges = vec![
        vec![],
        vec![0],
        vec![0, 0],
        vec![255],
        b"text".to_vec(),
        vec![0xc3, 0x28],
    ];
    edged(edges, prop::collection::vec(any::<u8>(), 0..40))
}

pub(super) fn uuid() -> impl Strategy<Value = Uuid> + 'static {
    let edges = [uuid::Uuid::nil(), uuid::Uuid::max()].map(Uuid::from);
    let any = any::<u128>().prop_map(|bits| Uuid::from(uuid::Uuid::from_u128(bits)));
    edged(edges.into(), any)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(super) fn timestamp() -> impl Strategy<Value = Timestamp> + 'static {
    let edges: Vec<Timestamp> = parsed(&[
        "0001-01-01T00:00:00.000000Z",
        "0001-01-01T00:00:00.000001Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00.000000Z",
        "2000-01-01T00:00:00.000000Z",
        "2024-02-29T12:00:00.000001Z",
        "9999-12-31T23:59:59.999999Z",
    ]);
    let range = edges[0].unix_micros()..=edges[6].unix_micros();
    edged(
        edges,
        range.prop_map(|micros| Timestamp::from_unix_micros(micros).unwrap()),
    )
}

pub(super) fn date() -> impl Strategy<Value = Date> + 'static {
    let edges: Vec<Date> = parsed(&[
        "0001-01-01",
        "1582-10-10",
        "1970-01-01",
        "2000-02-29",
        "9999-12-31",
    ]);
    let any = (1..=9999_i32, 1..=12_u8, 1..=28_u8)
        .prop_map(|(year, month, day)| Date::new(year, month, day).unwrap());
    edged(edges, any)
}

pub(super) fn decimal() -> impl Strategy<Value = Decimal> + 'static {
    let edges = parsed(&[
        "0",
        "10",
        "9",
        "-0.5",
        "9999999999999999999999999999",
        "-9999999999999999999999999999",
        "0.0000000000000000000000000001",
        "12345678901234567.12345678901",
        "0.1",
    ]);
    let most = 10_i128.pow(28) - 1;
    let any = (-most..=most, 0..=28_u32, 0..=27_u32).prop_map(|(units, scale, fewer)| {
        Decimal::from_units(units / 10_i128.pow(fewer), scale).unwrap()
    });
    edged(edges, any)
}

/// Of NUMERIC(20,8).
pub(super) fn amount() -> impl Strategy<Value = Decimal> + 'static {
    let edges = parsed(&[
        "0",
        "999999999999.99999999",
        "-999999999999.99999999",
        "0.00000001",
        "-0.00000001",
    ]);
    let most = 10_i128.pow(20) - 1;
    let any = (-most..=most).prop_map(|units| Decimal::from_units(units, 8).unwrap());
    edged(edges, any)
}

/// Up to sixty digits, as text in canonical form.
pub(super) fn wide_decimal() -> impl Strategy<Value = String> + 'static {
    let whole = prop_oneof![
        Just(String::from("0")),
        proptest::collection::vec(0..10_u8, 0..30).prop_flat_map(|rest| (1..10_u8, Just(rest))
            .prop_map(|(first, rest)| {
                std::iter::once(first)
                    .chain(rest)
                    .map(|digit| char::from(b'0' + digit))
                    .collect()
            })),
    ];
    let fraction = proptest::collection::vec(0..10_u8, 0..30).prop_map(|digits| {
        let text: String = digits
            .into_iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        text.trim_end_matches('0').to_owned()
    });
    (any::<bool>(), whole, fraction).prop_map(
        |(negative, whole, fraction): (bool, String, String)| {
            let point = if fraction.is_empty() { "" } else { "." };
            let number = format!("{whole}{point}{fraction}");
            if negative && number != "0" {
                format!("-{number}")
            } else {
                number
            }
        },
    )
}

/// By value: sign, then digits before the point, then digit by digit.
pub(super) fn compare_wide(left: &str, right: &str) -> Ordering {
    fn magnitude(text: &str) -> (usize, &str) {
        let text = text.trim_start_matches('-');
        (text.find('.').unwrap_or(text.len()), text)
    }
    match (left.starts_with('-'), right.starts_with('-')) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => magnitude(left).cmp(&magnitude(right)),
        (true, true) => magnitude(right).cmp(&magnitude(left)),
    }
}

pub(super) fn json() -> impl Strategy<Value = Json<serde_json::Value>> + 'static {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        characters(8).prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(characters(4), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    tree.prop_map(Json)
}
