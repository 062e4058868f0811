//! Instants as the protocols write them, and as operations see them (RFC 3339).

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::model::TimestampFormat;

/// How HTTP writes instants (RFC 9110, 5.6.7).
const HTTP: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Reads an instant from text in any of the formats: clients mix them.
pub(super) fn from_text(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok())
        .or_else(|| from_seconds(text.parse().ok()?))
}

/// Reads an instant from JSON.
pub(super) fn from_json(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => from_text(text),
        Value::Number(number) => from_seconds(number.as_f64()?),
        _ => None,
    }
}

fn from_seconds(seconds: f64) -> Option<Timestamp> {
    // Milliseconds are what AWS keeps. The conversion saturates, and what is out of range is no instant.
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok().filter(|_| seconds.is_finite())
}

/// Writes an instant as text.
pub(super) fn to_text(at: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::Iso8601 => match Timestamp::from_millisecond(at.as_millisecond()) {
            Ok(at) => at.to_string(),
            Err(_) => at.to_string(),
        },
        TimestampFormat::Http => at.strftime(HTTP).to_string(),
        TimestampFormat::Epoch => number(at).to_string(),
    }
}

/// Writes an instant in JSON.
pub(super) fn to_json(at: Timestamp, format: TimestampFormat) -> Value {
    match format {
        TimestampFormat::Epoch => Value::Number(number(at)),
        other => Value::String(to_text(at, other)),
    }
}

/// Seconds; with milliseconds where there are any.
fn number(at: Timestamp) -> Number {
    let millis = at.as_millisecond();
    if millis % 1000 == 0 {
        return Number::from(millis / 1000);
    }
    Number::from_f64(millis as f64 / 1000.0).unwrap_or_else(|| Number::from(millis / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_go_both_ways() {
        let at: Timestamp = "2026-11-22T07:00:00.25Z".parse().unwrap();
        assert_eq!(to_json(at, TimestampFormat::Epoch).to_string(), "1795330800.25");
        assert_eq!(to_text(at, TimestampFormat::Iso8601), "2026-11-22T07:00:00.25Z");
        assert_eq!(to_text(at, TimestampFormat::Http), "Sun, 22 Nov 2026 07:00:00 GMT");
        for text in ["1795330800.25", "2026-11-22T07:00:00.25Z", "2026-11-22T08:00:00.25+01:00"] {
            assert_eq!(from_text(text), Some(at), "{text}");
        }
        assert_eq!(from_text("Sun, 22 Nov 2026 07:00:00 GMT").unwrap().as_second(), 1_795_330_800);
        for text in ["", "soon", "1e300", "NaN", "inf"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }
}
