//! Conditions: operators over what is known of a request.
//!
//! IAM user guide, "Condition operators" and "Conditions with multiple context keys or values": several keys and
//! operators all have to hold; of several values of a key one has to fit, for a negated operator none may. Set
//! operators are for keys with several values in the request: `ForAnyValue:` wants one that fits, `ForAllValues:`
//! that all do, which is also so of none.

use std::net::IpAddr;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    arn::ArnPattern,
    evaluate::Context,
    template::{Syntax, Template},
};

/// One operator on one key.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    set: Option<SetOperator>,
    if_exists: bool,
    negated: bool,
    /// In lower case.
    key: String,
    test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetOperator {
    Any,
    All,
}

/// What a value is compared with; it fits if it fits one of the list.
#[derive(Debug, Clone)]
enum Test {
    Text {
        wanted: Vec<Template>,
        ignore_case: bool,
    },
    Arn(Vec<ArnPattern>),
    Number(Order, Vec<f64>),
    Date(Order, Vec<Timestamp>),
    Bool(Vec<bool>),
    Address(Vec<Network>),
    /// Whether the key may be, or has to be, absent.
    Absent(Vec<bool>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => found == wanted,
            Self::Less => found < wanted,
            Self::LessOrEqual => found <= wanted,
            Self::Greater => found > wanted,
            Self::GreaterOrEqual => found >= wanted,
        }
    }
}

impl Condition {
    /// Reads `"operator": {"key": values}`.
    pub(super) fn read(
        operator: &str,
        key: &str,
        values: &[String],
        variables: bool,
    ) -> Result<Self, String> {
        if key.is_empty() || !key.contains(':') {
            return Err(format!("{key:?} is no key of requests; write one like aws:SourceIp"));
        }
        if values.is_empty() {
            return Err(format!("{key} has no value to compare with"));
        }
        let (set, name) = match operator.split_once(':') {
            None => (None, operator),
            Some(("ForAnyValue", name)) => (Some(SetOperator::Any), name),
            Some(("ForAllValues", name)) => (Some(SetOperator::All), name),
            Some((other, _)) => {
                return Err(format!("{other:?} is no set operator; there are ForAnyValue and ForAllValues"));
            }
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some("Null") => return Err("Null takes no IfExists, it asks just that".to_owned()),
            Some(name) => (name, true),
            None => (name, false),
        };
        let (negated, test) = test(name, values, variables)?;
        if set.is_some() && matches!(test, Test::Absent(_)) {
            return Err("Null is about the key, not its values: leave the set operator out".to_owned());
        }
        Ok(Self { set, if_exists, negated, key: key.to_lowercase(), test })
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        let values = context.values(&self.key);
        if let Test::Absent(wanted) = &self.test {
            return wanted.contains(&values.is_empty());
        }
        let fits = |value: &String| self.test.fits(value, context) != self.negated;
        match (values.is_empty(), self.set) {
            (true, _) if self.if_exists => true,
            (true, Some(SetOperator::All)) => true,
            (true, Some(SetOperator::Any)) => false,
            (true, None) => self.negated,
            (false, Some(SetOperator::All)) => values.iter().all(fits),
            // Several values without a set operator: none of them may speak against a negated one.
            (false, None) if self.negated => values.iter().all(fits),
            (false, _) => values.iter().any(fits),
        }
    }
}

fn test(name: &str, values: &[String], variables: bool) -> Result<(bool, Test), String> {
    let text = |wildcards, ignore_case| {
        let syntax = Syntax { wildcards, variables };
        let wanted = values.iter().map(|value| Template::read(value, syntax)).collect::<Result<_, _>>()?;
        Ok::<_, String>(Test::Text { wanted, ignore_case })
    };
    let arn = || {
        let patterns = values.iter().map(|value| ArnPattern::read(value, variables));
        patterns.collect::<Result<_, _>>().map(Test::Arn)
    };
    let address =
        || values.iter().map(|value| Network::read(value)).collect::<Result<_, _>>().map(Test::Address);
    let bools = || values.iter().map(|value| boolean(value)).collect::<Result<Vec<_>, _>>();
    let number = |order| {
        values
            .iter()
            .map(|value| number(value))
            .collect::<Result<_, _>>()
            .map(|list| Test::Number(order, list))
    };
    let date = |order| {
        values.iter().map(|value| moment(value)).collect::<Result<_, _>>().map(|list| Test::Date(order, list))
    };
    Ok(match name {
        "StringEquals" => (false, text(false, false)?),
        "StringNotEquals" => (true, text(false, false)?),
        "StringEqualsIgnoreCase" => (false, text(false, true)?),
        "StringNotEqualsIgnoreCase" => (true, text(false, true)?),
        "StringLike" => (false, text(true, false)?),
        "StringNotLike" => (true, text(true, false)?),
        "ArnEquals" | "ArnLike" => (false, arn()?),
        "ArnNotEquals" | "ArnNotLike" => (true, arn()?),
        "Bool" => (false, Test::Bool(bools()?)),
        "Null" => (false, Test::Absent(bools()?)),
        "IpAddress" => (false, address()?),
        "NotIpAddress" => (true, address()?),
        "NumericEquals" => (false, number(Order::Equal)?),
        "NumericNotEquals" => (true, number(Order::Equal)?),
        "NumericLessThan" => (false, number(Order::Less)?),
        "NumericLessThanEquals" => (false, number(Order::LessOrEqual)?),
        "NumericGreaterThan" => (false, number(Order::Greater)?),
        "NumericGreaterThanEquals" => (false, number(Order::GreaterOrEqual)?),
        "DateEquals" => (false, date(Order::Equal)?),
        "DateNotEquals" => (true, date(Order::Equal)?),
        "DateLessThan" => (false, date(Order::Less)?),
        "DateLessThanEquals" => (false, date(Order::LessOrEqual)?),
        "DateGreaterThan" => (false, date(Order::Greater)?),
        "DateGreaterThanEquals" => (false, date(Order::GreaterOrEqual)?),
        other => {
            return Err(format!(
                "{other:?} is no condition operator; there are String…, Arn…, Numeric…, Date…, Bool, IpAddress, \
                 NotIpAddress and Null"
            ));
        }
    })
}

impl Test {
    /// Whether a value of the request fits. One that is not of the operator's kind fits nothing.
    fn fits(&self, value: &str, context: &Context) -> bool {
        match self {
            Self::Text { wanted, ignore_case: false } => wanted.iter().any(|text| text.fits(value, context)),
            Self::Text { wanted, ignore_case: true } => {
                wanted.iter().any(|text| text.fits_ignoring_case(value, context))
            }
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.fits(value, context)),
            Self::Number(order, wanted) => {
                number(value).is_ok_and(|found| wanted.iter().any(|wanted| order.holds(&found, wanted)))
            }
            Self::Date(order, wanted) => {
                moment(value).is_ok_and(|found| wanted.iter().any(|wanted| order.holds(&found, wanted)))
            }
            Self::Bool(wanted) => boolean(value).is_ok_and(|found| wanted.contains(&found)),
            Self::Address(networks) => {
                value.parse().is_ok_and(|address| networks.iter().any(|network| network.has(address)))
            }
            Self::Absent(_) => false,
        }
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

fn number(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|number: &f64| number.is_finite());
    parsed.ok_or_else(|| format!("{text:?} is no number"))
}

/// A time as ISO 8601 has it, a day (its first moment in UTC), or seconds since 1970.
fn moment(text: &str) -> Result<Timestamp, String> {
    let at_epoch = || text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at_time = || text.parse().ok();
    let on_day = || {
        let day: Date = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    at_epoch().or_else(at_time).or_else(on_day).ok_or_else(|| {
        format!("{text:?} is no time; write 2026-01-31T12:00:00Z, 2026-01-31, or seconds since 1970")
    })
}

/// Addresses with the same first bits: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn read(text: &str) -> Result<Self, String> {
        let unknown = || format!("{text:?} is no network; write an address or a range like 203.0.113.0/24");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| unknown())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| unknown()))?;
        if bits > most { Err(unknown()) } else { Ok(Self { address, bits }) }
    }

    /// An IPv4 address that is written as IPv6 is the IPv4 address.
    fn has(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                self.bits == 0 || differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                self.bits == 0 || differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
