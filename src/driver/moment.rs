//! Dates and times: ISO 8601 text in `Any`, counts since 2000-01-01 in PostgreSQL's wire form.
//!
//! The wire forms are those of PostgreSQL's `timestamptz_send`, `timestamp_send`, `date_send` and
//! `time_send`: 64-bit microseconds or 32-bit days, where the extremes mean the infinities. The
//! arithmetic of days is Howard Hinnant's `days_from_civil` and `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>), which hold for the proleptic Gregorian
//! calendar, as PostgreSQL's own does.

use std::fmt::Write;

const MICROS_A_SECOND: i64 = 1_000_000;
const MICROS_A_DAY: i64 = 86_400 * MICROS_A_SECOND;
/// From 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
/// 0001-01-01, in days since 2000-01-01.
const FIRST_DAY: i64 = -730_119;
/// 9999-12-31, in days since 2000-01-01.
const LAST_DAY: i64 = 2_921_939;

/// What text should look like that is none.
pub(super) const EXPECTED_TIMESTAMPTZ: &str =
    "write 2024-02-29T12:00:00.000000Z, with at most six digits of a second";
pub(super) const EXPECTED_DATE: &str = "write 2024-02-29, a day that exists";

/// Why a date or time can't be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MomentFault {
    /// `infinity` or `-infinity`.
    Infinite,
    /// Before the year 0001 or after the year 9999.
    Year,
    /// Not in the form that it should have.
    Malformed,
}

impl MomentFault {
    /// What to say of an argument: `expected` where it has another form.
    pub(super) const fn explain(self, expected: &'static str) -> &'static str {
        match self {
            Self::Infinite => "infinity is not portable: bind NULL or a far date",
            Self::Year => "the year is outside 0001 to 9999",
            Self::Malformed => expected,
        }
    }
}

/// Microseconds since 2000-01-01 as `2024-02-29T12:00:00.000000`, followed by `zone`.
pub(super) fn format_timestamp(micros: i64, zone: &str) -> Result<String, MomentFault> {
    if micros == i64::MAX || micros == i64::MIN {
        return Err(MomentFault::Infinite);
    }
    let mut text = String::with_capacity(27);
    push_date(&mut text, micros.div_euclid(MICROS_A_DAY))?;
    text.push('T');
    push_time(&mut text, micros.rem_euclid(MICROS_A_DAY));
    text.push_str(zone);
    Ok(text)
}

/// Days since 2000-01-01 as `2024-02-29`.
pub(super) fn format_date(days: i32) -> Result<String, MomentFault> {
    if days == i32::MAX || days == i32::MIN {
        return Err(MomentFault::Infinite);
    }
    let mut text = String::with_capacity(10);
    push_date(&mut text, i64::from(days))?;
    Ok(text)
}

/// Microseconds since midnight as `12:00:00.000000`.
pub(super) fn format_time(micros: i64) -> Result<String, MomentFault> {
    if !(0..=MICROS_A_DAY).contains(&micros) {
        return Err(MomentFault::Malformed);
    }
    let mut text = String::with_capacity(15);
    push_time(&mut text, micros);
    Ok(text)
}

/// Microseconds since 2000-01-01 of a date, `T` or a space, a time, and `Z` or an offset.
pub(super) fn parse_timestamptz(text: &str) -> Result<i64, MomentFault> {
    let (micros, rest) = parse_local(text)?;
    let offset = parse_offset(rest).ok_or(MomentFault::Malformed)?;
    in_range(micros - offset * MICROS_A_SECOND)
}

/// Microseconds since 2000-01-01 of a date, `T` or a space, and a time.
pub(super) fn parse_timestamp(text: &str) -> Result<i64, MomentFault> {
    match parse_local(text)? {
        (micros, "") => in_range(micros),
        _ => Err(MomentFault::Malformed),
    }
}

/// Days since 2000-01-01 of `2024-02-29`.
pub(super) fn parse_date(text: &str) -> Result<i32, MomentFault> {
    match take_date(text)? {
        (days, "") => i32::try_from(days).map_err(|_| MomentFault::Year),
        _ => Err(MomentFault::Malformed),
    }
}

/// Microseconds since midnight of `12:00:00`, with up to six digits of a second.
pub(super) fn parse_time(text: &str) -> Result<i64, MomentFault> {
    match take_time(text) {
        Some((micros, "")) => Ok(micros),
        // PostgreSQL has the end of the day as a time of its own, and gives it back so.
        _ if matches!(text, "24:00:00" | "24:00:00.000000") => Ok(MICROS_A_DAY),
        _ => Err(MomentFault::Malformed),
    }
}

fn parse_local(text: &str) -> Result<(i64, &str), MomentFault> {
    let (days, rest) = take_date(text)?;
    let time = rest
        .strip_prefix(['T', 't', ' '])
        .ok_or(MomentFault::Malformed)?;
    let (micros, rest) = take_time(time).ok_or(MomentFault::Malformed)?;
    if rest.ends_with(" BC") {
        return Err(MomentFault::Year);
    }
    Ok((days * MICROS_A_DAY + micros, rest))
}

fn in_range(micros: i64) -> Result<i64, MomentFault> {
    let days = micros.div_euclid(MICROS_A_DAY);
    if (FIRST_DAY..=LAST_DAY).contains(&days) {
        Ok(micros)
    } else {
        Err(MomentFault::Year)
    }
}

fn take_date(text: &str) -> Result<(i64, &str), MomentFault> {
    if matches!(text, "infinity" | "-infinity") {
        return Err(MomentFault::Infinite);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 4 && text[digits..].starts_with('-') {
        return Err(MomentFault::Year);
    }
    let parts = (|| {
        let (year, rest) = take_number(text, 4)?;
        let (month, rest) = take_number(rest.strip_prefix('-')?, 2)?;
        let (day, rest) = take_number(rest.strip_prefix('-')?, 2)?;
        Some((year, month, day, rest))
    })();
    let (year, month, day, rest) = parts.ok_or(MomentFault::Malformed)?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return Err(MomentFault::Malformed);
    }
    if year == 0 || rest == " BC" {
        return Err(MomentFault::Year);
    }
    Ok((days_from_civil(year, month, day), rest))
}

fn take_time(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = take_number(text, 2)?;
    let (minute, rest) = take_number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = take_number(rest.strip_prefix(':')?, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let whole = (hour * 3600 + minute * 60 + second) * MICROS_A_SECOND;
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some((whole, rest));
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, rest) = fraction.split_at(digits);
    // More than six digits would have to be rounded, unless they say nothing.
    let kept = fraction.get(..6).unwrap_or(fraction);
    if fraction.is_empty() || fraction[kept.len()..].bytes().any(|byte| byte != b'0') {
        return None;
    }
    let scale = 10_i64.pow(6 - u32::try_from(kept.len()).ok()?);
    Some((whole + kept.parse::<i64>().ok()? * scale, rest))
}

/// The seconds of `Z`, `+01`, `+01:30` or `+01:30:15`.
fn parse_offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hour, mut rest) = take_number(rest, 2)?;
    let mut seconds = hour * 3600;
    for unit in [60, 1] {
        if rest.is_empty() {
            break;
        }
        let (value, after) = take_number(rest.strip_prefix(':')?, 2)?;
        if value > 59 {
            return None;
        }
        seconds += value * unit;
        rest = after;
    }
    (rest.is_empty() && hour < 24).then_some(sign * seconds)
}

fn take_number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((plain.then(|| number.parse().ok())??, rest))
}

fn push_date(text: &mut String, days: i64) -> Result<(), MomentFault> {
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        return Err(MomentFault::Year);
    }
    let (year, month, day) = civil_from_days(days);
    push_padded(text, year, 4);
    text.push('-');
    push_padded(text, month, 2);
    text.push('-');
    push_padded(text, day, 2);
    Ok(())
}

fn push_time(text: &mut String, micros: i64) {
    let seconds = micros / MICROS_A_SECOND;
    push_padded(text, seconds / 3600, 2);
    text.push(':');
    push_padded(text, seconds / 60 % 60, 2);
    text.push(':');
    push_padded(text, seconds % 60, 2);
    text.push('.');
    push_padded(text, micros % MICROS_A_SECOND, 6);
}

fn push_padded(text: &mut String, number: i64, width: usize) {
    write!(text, "{number:0width$}").expect("a string takes any text");
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 - EPOCH_DAYS
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;
