//! Whose word counts where several feeds speak of one flaw in one package.
//!
//! A feed has an authority ([`pratique_advisory::Authority`]): the operator's own records go before a vendor's VEX, that
//! before the distribution's own feed, that before what OSV gathers of all, and NVD comes last. For one flaw in one package:
//!
//! * Feeds of the highest authority that say anything decide whether it is affected. If they say that it is fixed or not
//!   affected, what a lower one says makes no finding: it is *overruled*.
//! * If they say that it is affected, the fixed version and the state of the fix are theirs; the others' records stay beside
//!   it as evidence.
//! * Among feeds of one authority every word counts: affected is affected.
//! * What cannot be judged (a version that does not parse) decides nothing.
//!
//! Severities are not decided here: [`crate::severity`] keeps all of them and chooses one.

use pratique_advisory::{Authority, Database, Error, RecordId};

use crate::{
    find::names,
    merge::{Group, Names},
};

/// A record that speaks of the package and says that the installed version does not have the flaw.
pub(crate) struct Cleared {
    authority: Authority,
    id: String,
    names: Names,
}

impl Cleared {
    /// What is to be known of the records that clear the package, and whose word counts more than `least`: that of whoever
    /// counts least among those that do not. Of each record comes with it whether it is filed for a distribution.
    pub(crate) fn of(
        database: &Database,
        least: Authority,
        records: impl Iterator<Item = (RecordId, bool)>,
    ) -> Result<Vec<Cleared>, Error> {
        records
            .map(|(number, of_distribution)| {
                let record = database.record(number)?;
                let authority = record.feed().authority();
                let cleared = || Cleared {
                    authority,
                    id: record.id().to_owned(),
                    names: names(&record, of_distribution),
                };
                Ok((authority > least).then(cleared))
            })
            .filter_map(Result::transpose)
            .collect()
    }
}

/// The record that overrules those of `group`, whose identifiers are `own`; the highest authority among them is
/// `authority`.
///
/// Other names of the group do not count: advisories alias each other by mistake, and a word on one flaw must not clear
/// another.
pub(crate) fn overruled_by<'c>(
    group: &Group,
    own: &[&str],
    authority: Authority,
    cleared: &'c [Cleared],
) -> Option<&'c str> {
    let names: Vec<&str> = std::iter::once(group.id.as_str()).chain(own.iter().copied()).collect();
    let speaks = |cleared: &&Cleared| cleared.authority > authority && cleared.names.is_about(&names);
    let decisive = cleared.iter().filter(speaks).max_by_key(|cleared| cleared.authority)?;
    Some(&decisive.id)
}
