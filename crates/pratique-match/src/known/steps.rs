//! The comparisons behind a verdict, one by one.
//!
//! They say what was compared and how it came out; what follows from them is [`judge`](crate::judge())'s to say.

use pratique_advisory::{Affected, Event, RangeKind};
use pratique_version::{Parsed, Scheme};
use serde::Serialize;

use crate::Installed;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Which range of the record, from 1; 0 for its list of versions.
    pub range: usize,
    /// What was compared: `fixed 4.17.5`.
    pub event: String,
    /// How it came out: `4.17.4 < 4.17.5`.
    pub comparison: String,
    /// What that means: `the fix is not reached`.
    pub meaning: String,
}

/// All comparisons of `version` with what one entry says.
pub(super) fn steps(version: &str, scheme: Scheme, listed: bool, affected: &Affected<'_>) -> Vec<Step> {
    let mut installed = Installed::new(version, scheme);
    let mut steps = Vec::new();
    for (index, range) in affected.ranges().enumerate() {
        let number = index + 1;
        let (parsed, scheme) = installed.for_range(range.kind);
        if scheme == Scheme::Semver && range.kind == RangeKind::Semver && index == 0 {
            steps.push(Step {
                range: number,
                event: "type SEMVER".into(),
                comparison: String::new(),
                meaning: "compared as semantic versions, whatever the ecosystem".into(),
            });
        }
        match parsed {
            Ok(parsed) => steps.extend(range.events.map(|event| step(number, parsed, event))),
            Err(why) => steps.push(Step {
                range: number,
                event: "version".into(),
                comparison: why.clone(),
                meaning: "the range cannot be asked".into(),
            }),
        }
    }
    let count = affected.versions().iter().count();
    if count > 0 {
        steps.push(Step {
            range: 0,
            event: format!("{count} listed versions"),
            comparison: if listed {
                format!("{version} is one")
            } else {
                format!("{version} is none of them")
            },
            meaning: if listed {
                "affected, whatever the ranges say"
            } else {
                "the list says nothing of this spelling"
            }
            .into(),
        });
    }
    steps
}

fn step(range: usize, version: &Parsed<'_>, event: Event<'_>) -> Step {
    let (word, text) = match event {
        Event::Introduced(text) => ("introduced", text),
        Event::Fixed(text) => ("fixed", text),
        Event::LastAffected(text) => ("last affected", text),
        Event::Limit(text) => ("limit", text),
    };
    let told = |comparison: String, meaning: &str| Step {
        range,
        event: format!("{word} {text}"),
        comparison,
        meaning: meaning.to_owned(),
    };
    match event {
        Event::Introduced("0") => {
            return told(format!("0 is before {}", version.as_str()), "affected from here on");
        }
        Event::Limit(text) if text.contains('*') => return told(String::new(), "no limit"),
        _ => {}
    }
    let order = match Parsed::parse(version.scheme(), text) {
        Ok(bound) => version.compare(&bound),
        Err(why) => return told(why.to_string(), "the event cannot be compared"),
    };
    let Some(order) = order else { return told(String::new(), "two orderings do not compare") };
    let sign = match order {
        std::cmp::Ordering::Less => "<",
        std::cmp::Ordering::Equal => "=",
        std::cmp::Ordering::Greater => ">",
    };
    let meaning = match event {
        Event::Introduced(_) if order.is_ge() => "affected from here on",
        Event::Introduced(_) => "not introduced yet",
        Event::Fixed(_) if order.is_ge() => "fixed from here on",
        Event::Fixed(_) => "the fix is not reached",
        Event::LastAffected(_) if order.is_gt() => "not affected beyond it",
        Event::LastAffected(_) => "not beyond the last affected version",
        Event::Limit(_) if order.is_ge() => "beyond the limit",
        Event::Limit(_) => "within the limit",
    };
    told(format!("{} {sign} {text}", version.as_str()), meaning)
}
