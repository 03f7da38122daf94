//! The aggregate `sum`, which adds decimals exactly where SQLite's own makes a binary float of them.

use super::forms::Decimal;
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error};

/// The digits in a limb.
const LIMB_DIGITS: usize = 9;

/// One more than a limb holds when it has been carried.
const LIMB: i64 = 1_000_000_000;

/// After so many additions limbs are carried, long before one of them can overflow.
const CARRY_EVERY: u32 = 1 << 30;

/// Puts it in the place of SQLite's own, as an aggregate and a window function.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_window_function("sum", 1, flags, Sum)
}

/// `sum(x)`: text that is plain decimals gives their exact sum as text, integers an integer, floats
/// a float; NULLs are passed over, and none but NULLs give NULL.
struct Sum;

/// What has been added up so far.
#[derive(Debug, Default)]
struct Total {
    integers: i64,
    /// What `integers` can't hold; an intermediate sum may leave its range and come back.
    wide: i128,
    /// Each with its compensation (Neumaier's), as SQLite's own.
    floats: (f64, f64),
    decimals: Digits,
    /// How many values of each kind.
    counts: [i64; 3],
}

impl Total {
    /// Adds the value, or takes it away again.
    fn add(&mut self, value: ValueRef<'_>, sign: i64) -> rusqlite::Result<()> {
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(integer) => {
                self.counts[0] += sign;
                let next = if sign > 0 {
                    self.integers.checked_add(integer)
                } else {
                    self.integers.checked_sub(integer)
                };
                if let Some(next) = next {
                    self.integers = next;
                } else {
                    self.wide += i128::from(self.integers) + i128::from(sign) * i128::from(integer);
                    self.integers = 0;
                }
            }
            ValueRef::Real(float) => {
                self.counts[1] += sign;
                self.add_float(if sign > 0 { float } else { -float });
            }
            ValueRef::Text(bytes) => {
                self.counts[2] += sign;
                let decimal = std::str::from_utf8(bytes).ok().and_then(Decimal::parse);
                let Some(decimal) = decimal else {
                    return Err(failed("sum: a text is no plain decimal number"));
                };
                self.decimals.add(decimal, sign < 0);
            }
            ValueRef::Blob(_) => return Err(failed("sum: bytes are no number")),
        }
        Ok(())
    }

    fn add_float(&mut self, float: f64) {
        let (sum, lost) = self.floats;
        let next = sum + float;
        let low = if sum.abs() > float.abs() {
            (sum - next) + float
        } else {
            (float - next) + sum
        };
        self.floats = (next, lost + low);
    }

    fn value(&self) -> rusqlite::Result<Value> {
        let [integers, floats, decimals] = self.counts.map(|count| count > 0);
        if decimals && (integers || floats) {
            return Err(failed(
                "sum: decimals and other numbers are mixed; add up one column of one type",
            ));
        }
        if decimals {
            return Ok(Value::Text(self.decimals.to_text()));
        }
        let whole = self.wide + i128::from(self.integers);
        if floats {
            let (sum, lost) = self.floats;
            let sum = if lost.is_finite() { sum + lost } else { sum };
            #[expect(
                clippy::cast_precision_loss,
                reason = "a sum with floats in it is a float, as SQLite's own"
            )]
            return Ok(Value::Real(sum + whole as f64));
        }
        if integers {
            return i64::try_from(whole)
                .map(Value::Integer)
                .map_err(|_| failed("integer overflow"));
        }
        Ok(Value::Null)
    }
}

fn failed(message: &str) -> Error {
    Error::UserFunctionError(message.into())
}

impl Aggregate<Total, Value> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Total> {
        Ok(Total::default())
    }

    fn step(&self, context: &mut Context<'_>, total: &mut Total) -> rusqlite::Result<()> {
        total.add(context.get_raw(0), 1)
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> rusqlite::Result<Value> {
        total.map_or(Ok(Value::Null), |total| total.value())
    }
}

impl WindowAggregate<Total, Value> for Sum {
    fn value(&self, total: Option<&mut Total>) -> rusqlite::Result<Value> {
        total.map_or(Ok(Value::Null), |total| total.value())
    }

    fn inverse(&self, context: &mut Context<'_>, total: &mut Total) -> rusqlite::Result<()> {
        total.add(context.get_raw(0), -1)
    }
}

/// A decimal of any length, in limbs of nine digits, which are carried only when it is read.
#[derive(Clone, Debug, Default)]
struct Digits {
    /// Those before the point, the lowest first.
    whole: Vec<i64>,
    /// Those after the point, the highest first.
    fraction: Vec<i64>,
    since_carry: u32,
}

impl Digits {
    fn add(&mut self, decimal: Decimal<'_>, subtract: bool) {
        let negative = decimal.negative != subtract;
        let signed = |limb: i64| if negative { -limb } else { limb };
        let whole = decimal.whole.as_bytes().rchunks(LIMB_DIGITS);
        if self.whole.len() < whole.len() {
            self.whole.resize(whole.len(), 0);
        }
        for (limb, digits) in self.whole.iter_mut().zip(whole) {
            *limb += signed(number(digits));
        }
        let fraction = decimal.fraction.as_bytes().chunks(LIMB_DIGITS);
        if self.fraction.len() < fraction.len() {
            self.fraction.resize(fraction.len(), 0);
        }
        for (limb, digits) in self.fraction.iter_mut().zip(fraction) {
            let missing = (digits.len()..LIMB_DIGITS).fold(1, |power, _| power * 10);
            *limb += signed(number(digits) * missing);
        }
        self.since_carry += 1;
        if self.since_carry >= CARRY_EVERY {
            let left = self.carry();
            self.whole.push(left);
        }
    }

    /// Leaves 0 to 999 999 999 in each limb; gives what is left over above the highest.
    fn carry(&mut self) -> i64 {
        self.since_carry = 0;
        let lowest_first = self.fraction.iter_mut().rev().chain(self.whole.iter_mut());
        lowest_first.fold(0, |carry, limb| {
            let sum = *limb + carry;
            *limb = sum.rem_euclid(LIMB);
            sum.div_euclid(LIMB)
        })
    }

    /// The number in its normal form: no needless zeros, no negative zero.
    fn to_text(&self) -> String {
        let mut digits = self.clone();
        let mut left = digits.carry();
        let negative = left < 0;
        if negative {
            digits.whole.push(left);
            for limb in digits.whole.iter_mut().chain(&mut digits.fraction) {
                *limb = -*limb;
            }
            left = digits.carry();
        }
        digits.whole.push(left);
        let join = |limb: &i64| format!("{limb:09}");
        let whole: String = digits.whole.iter().rev().map(join).collect();
        let fraction: String = digits.fraction.iter().map(join).collect();
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        let sign = if negative { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// The number that up to nine digits are.
fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection
    }

    fn sum(values: &str) -> Result<Value, String> {
        connection()
            .query_row(
                &format!("SELECT sum(column1) FROM (VALUES {values})"),
                [],
                |row| row.get(0),
            )
            .map_err(|error| error.to_string())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn each_kind_of_number_has_a_sum_of_its_kind() {
        assert_eq!(sum("('0.1'), ('0.2'), (NULL)"), Ok(text("0.3")));
        assert_eq!(sum("('-5'), ('4.99')"), Ok(text("-0.01")));
        assert_eq!(sum("('5'), ('-5.0')"), Ok(text("0")));
        let nines = "9".repeat(60);
        let one = format!("1{}", "0".repeat(60));
        assert_eq!(sum(&format!("('{nines}'), ('1')")), Ok(text(&one)));
        assert_eq!(sum("(1), (2)"), Ok(Value::Integer(3)));
        assert_eq!(sum("(1.5), (2)"), Ok(Value::Real(3.5)));
        assert_eq!(sum("(1e300), (9e999)"), Ok(Value::Real(f64::INFINITY)));
        assert_eq!(sum("(NULL)"), Ok(Value::Null));
        let back = "(9223372036854775807), (1), (-1)";
        assert_eq!(sum(back), Ok(Value::Integer(i64::MAX)));
    }

    #[test]
    fn what_has_no_sum_is_an_error() {
        for (values, reason) in [
            ("(9223372036854775807), (1)", "integer overflow"),
            ("('abc')", "no plain decimal"),
            ("('1'), (1)", "mixed"),
            ("(X'31')", "bytes"),
        ] {
            let error = sum(values).unwrap_err();
            assert!(error.contains(reason), "{values}: {error}");
        }
    }

    #[test]
    fn a_window_takes_away_again_what_it_leaves() {
        let connection = connection();
        let sql = "SELECT sum(column1) OVER (ROWS 1 PRECEDING) FROM (VALUES ('0.1'), ('-0.2'), ('1000000000.000000001'), (NULL), (NULL), ('7'))";
        let sums: Vec<Option<String>> = connection
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let sums: Vec<_> = sums.iter().map(Option::as_deref).collect();
        assert_eq!(
            sums,
            [
                Some("0.1"),
                Some("-0.1"),
                Some("999999999.800000001"),
                Some("1000000000.000000001"),
                None,
                Some("7")
            ]
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_exact_integers(units in proptest::collection::vec(-10_i64.pow(17)..10_i64.pow(17), 1..60)) {
            let mut digits = Digits::default();
            for unit in &units {
                let magnitude = format!("{:012}", unit.unsigned_abs());
                let (whole, fraction) = magnitude.split_at(magnitude.len() - 11);
                let written = format!("{}{whole}.{fraction}", if *unit < 0 { "-" } else { "" });
                digits.add(Decimal::parse(&written).unwrap(), false);
            }
            let sum: i128 = units.iter().map(|unit| i128::from(*unit)).sum();
            let magnitude = format!("{:012}", sum.unsigned_abs());
            let (whole, fraction) = magnitude.split_at(magnitude.len() - 11);
            let plain = format!("{}{whole}.{fraction}", if sum < 0 { "-" } else { "" });
            let expected = super::super::forms::normal_decimal(&plain).unwrap().into_owned();
            prop_assert_eq!(digits.to_text(), expected);
        }
    }
}
