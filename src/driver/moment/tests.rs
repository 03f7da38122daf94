use super::*;

#[test]
fn every_day_of_the_range_survives() {
    for days in FIRST_DAY..=LAST_DAY {
        let days = i32::try_from(days).unwrap();
        assert_eq!(parse_date(&format_date(days).unwrap()), Ok(days));
    }
    assert_eq!(parse_date("2000-01-01"), Ok(0));
    assert_eq!(format_date(-730_119).unwrap(), "0001-01-01");
    assert_eq!(format_date(2_921_939).unwrap(), "9999-12-31");
}

#[test]
fn days_that_do_not_exist_are_refused() {
    for text in [
        "2024-02-30",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-04-31",
        "2024-1-1",
        "24-01-01",
        "2024/01/01",
        "2024-01-01 ",
        "",
        "today",
        "2024-01-01T00:00:00Z",
        "+024-01-01",
        "２024-01-01",
    ] {
        assert_eq!(parse_date(text), Err(MomentFault::Malformed), "{text}");
    }
}

#[test]
fn years_outside_the_range_are_named() {
    for text in ["0000-01-01", "10000-01-01", "0044-03-15 BC"] {
        assert_eq!(parse_date(text), Err(MomentFault::Year), "{text}");
    }
    assert_eq!(format_date(-730_120), Err(MomentFault::Year));
    assert_eq!(format_date(2_921_940), Err(MomentFault::Year));
    assert_eq!(
        parse_timestamptz("9999-12-31T23:59:59-01:00"),
        Err(MomentFault::Year)
    );
    assert_eq!(
        parse_timestamptz("0044-03-15 12:00:00+00 BC"),
        Err(MomentFault::Year)
    );
}

#[test]
fn the_infinities_are_named() {
    assert_eq!(format_date(i32::MAX), Err(MomentFault::Infinite));
    assert_eq!(format_date(i32::MIN), Err(MomentFault::Infinite));
    assert_eq!(format_timestamp(i64::MAX, "Z"), Err(MomentFault::Infinite));
    assert_eq!(parse_timestamptz("-infinity"), Err(MomentFault::Infinite));
    assert_eq!(parse_date("infinity"), Err(MomentFault::Infinite));
}

#[test]
fn timestamps_are_written_in_utc_with_six_digits() {
    for (text, expected) in [
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"),
        ("2024-02-29 12:00:00.5+00", "2024-02-29T12:00:00.500000Z"),
        (
            "2024-02-29t12:00:00.123456+05:30",
            "2024-02-29T06:30:00.123456Z",
        ),
        ("1999-12-31T23:59:59.999999z", "1999-12-31T23:59:59.999999Z"),
        (
            "2024-01-01T00:00:00-01:00:30",
            "2024-01-01T01:00:30.000000Z",
        ),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        (
            "2024-01-01T00:00:00.120000000Z",
            "2024-01-01T00:00:00.120000Z",
        ),
    ] {
        let micros = parse_timestamptz(text).unwrap();
        assert_eq!(format_timestamp(micros, "Z").unwrap(), expected);
    }
}

#[test]
fn a_timestamp_that_would_be_rounded_or_guessed_is_refused() {
    for text in [
        "2024-01-01T00:00:00.1234567Z",
        "2024-01-01T00:00:00",
        "2024-01-01T24:00:00Z",
        "2024-01-01T23:59:60Z",
        "2024-01-01",
        "2024-01-01T00:00Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+1",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00 UTC",
        "2024-01-01T00:00:00Z ",
        "now",
    ] {
        assert_eq!(
            parse_timestamptz(text),
            Err(MomentFault::Malformed),
            "{text}"
        );
    }
    assert_eq!(
        parse_timestamp("2024-01-01T00:00:00Z"),
        Err(MomentFault::Malformed)
    );
}

#[test]
fn times_of_the_day_survive() {
    for text in ["00:00:00.000000", "23:59:59.999999", "24:00:00.000000"] {
        assert_eq!(format_time(parse_time(text).unwrap()).unwrap(), text);
    }
    for text in ["24:00:01", "12:60:00", "12:00", "12:00:00Z", "1:00:00"] {
        assert_eq!(parse_time(text), Err(MomentFault::Malformed), "{text}");
    }
    assert_eq!(format_time(-1), Err(MomentFault::Malformed));
}
