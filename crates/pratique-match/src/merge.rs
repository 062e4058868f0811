//! One finding per vulnerability and package, however many records speak of it.
//!
//! Records of one flaw know each other by aliases, distribution records name the flaws they are about
//! (`upstream`, older ones `related`). The traps, all of which occur in public data:
//!
//! * One distribution advisory is about many flaws: DSA-1929-1 is thirty findings, not one.
//! * Two flaws alias each other by mistake (two lodash advisories do). Two different CVE ids are two findings,
//!   whatever the aliases say; only records that bear no CVE at all are joined by their other names.
//! * One flaw has several records in one ecosystem: GHSA and PYSEC, DSA and DEBIAN-CVE.

use std::collections::{BTreeMap, BTreeSet};

/// The names that a record bears, and whether it affects the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// Its own id.
    pub(crate) id: String,
    /// Ids of the same flaw elsewhere.
    pub(crate) aliases: Vec<String>,
    /// Ids of the flaws that a distribution's record is about.
    pub(crate) upstream: Vec<String>,
    /// CVE ids it mentions besides.
    pub(crate) related: Vec<String>,
    /// Whether a distribution publishes it: then what it mentions is what it fixes.
    pub(crate) distribution: bool,
    /// Which of several CVE ids among its aliases is its own, where that is known.
    pub(crate) own: Option<String>,
}

/// A vulnerability and which of the records speak of it (indices, in their order).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) records: Vec<usize>,
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

impl Names {
    /// The CVEs that the record is about.
    fn cves(&self) -> BTreeSet<&str> {
        if is_cve(&self.id) {
            return [self.id.as_str()].into();
        }
        let mut cves: BTreeSet<&str> = cves_of(&self.aliases).collect();
        if self.aliases_are_one_flaw() {
            // One flaw has one id here; where nothing says which, the lowest stands for it.
            let own = self.own.as_deref().filter(|own| cves.contains(own));
            cves = own.or_else(|| cves.first().copied()).into_iter().collect();
        }
        cves.extend(cves_of(&self.upstream));
        if cves.is_empty() && self.distribution {
            cves.extend(cves_of(&self.related));
        }
        cves
    }

    /// Whether it is about the flaw of these names.
    pub(crate) fn is_about(&self, names: &[&str]) -> bool {
        let cves = self.cves();
        if cves.is_empty() {
            return self
                .all()
                .chain(self.upstream.iter().map(String::as_str))
                .any(|own| names.contains(&own));
        }
        names.iter().any(|name| cves.contains(name))
    }

    /// The flaws that the record is about: CVEs, or the best known of its names.
    pub(crate) fn vulnerabilities(&self) -> Vec<String> {
        let cves = self.cves();
        if cves.is_empty() {
            let best = self.all().min_by_key(|id| (rank(id), *id)).unwrap_or_default();
            return vec![best.to_owned()];
        }
        cves.into_iter().map(str::to_owned).collect()
    }

    /// Whether it is an advisory about several flaws at once.
    pub(crate) fn is_about_several(&self) -> bool {
        self.cves().len() > 1
    }

    /// Aliases are, by the schema, the same flaw; distributions list the flaws of an update there all the same.
    fn aliases_are_one_flaw(&self) -> bool {
        !self.distribution
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

fn cves_of(ids: &[String]) -> impl Iterator<Item = &str> {
    ids.iter().map(String::as_str).filter(|id| is_cve(id))
}

/// Groups the records that affect one package by vulnerability, sorted by id.
pub(crate) fn group(records: &[Names]) -> Vec<Group> {
    let mut by_cve: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut nameless = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let cves = record.cves();
        if cves.is_empty() {
            nameless.push(index);
        }
        for cve in cves {
            by_cve.entry(cve).or_default().insert(index);
        }
    }
    // Records without a CVE join the one vulnerability that shares a name with them, if it is one.
    let mut others: Vec<BTreeSet<usize>> = Vec::new();
    for index in nameless {
        let names: BTreeSet<&str> = records[index].all().collect();
        let shares = |other: &usize| records[*other].all().any(|name| names.contains(name));
        let cves: Vec<_> =
            by_cve.iter().filter(|(_, members)| members.iter().any(shares)).map(|(cve, _)| *cve).collect();
        if let [cve] = cves[..] {
            by_cve.entry(cve).or_default().insert(index);
            continue;
        }
        // Or each other: every set that shares a name with this record becomes one with it.
        let (mut same, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|set| set.iter().any(shares));
        same.push([index].into());
        others = rest;
        others.push(same.into_iter().flatten().collect());
    }
    let mut groups: Vec<Group> = by_cve
        .into_iter()
        .map(|(cve, members)| Group {
            id: cve.to_owned(),
            aliases: Vec::new(),
            records: members.into_iter().collect(),
        })
        .collect();
    groups.extend(others.into_iter().map(|members| {
        let best = members
            .iter()
            .flat_map(|&m| records[m].all())
            .min_by_key(|id| (rank(id), *id))
            .unwrap_or_default();
        Group { id: best.to_owned(), aliases: Vec::new(), records: members.into_iter().collect() }
    }));
    add_aliases(&mut groups, records);
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    groups
}

/// Which name stands for a vulnerability without a CVE: GitHub's is known best.
fn rank(id: &str) -> u8 {
    match id.split('-').next() {
        Some("CVE") => 0,
        Some("GHSA") => 1,
        Some("MAL") => 2,
        _ => 3,
    }
}

/// All other names of the group's records, but for those that are the name of another vulnerability here.
fn add_aliases(groups: &mut [Group], records: &[Names]) {
    let claimed: Vec<BTreeSet<&str>> = groups
        .iter()
        .map(|group| {
            group
                .records
                .iter()
                .filter(|r| !records[**r].is_about_several())
                .map(|&r| records[r].id.as_str())
                .collect()
        })
        .collect();
    let ids: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
    for (own, group) in groups.iter_mut().enumerate() {
        let elsewhere = |name: &str| {
            (0..ids.len()).any(|g| g != own && (ids[g] == name || claimed[g].contains(name)))
                && !claimed[own].contains(name)
        };
        let mut aliases: BTreeSet<&str> = BTreeSet::new();
        for &record in &group.records {
            // An advisory about many flaws is evidence, not another name of each of them.
            if !records[record].is_about_several() {
                aliases.extend(records[record].all().filter(|name| !elsewhere(name)));
            }
        }
        aliases.remove(group.id.as_str());
        group.aliases = aliases.into_iter().map(str::to_owned).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(id: &str, aliases: &[&str], upstream: &[&str]) -> Names {
        let owned = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
        Names {
            id: id.into(),
            aliases: owned(aliases),
            upstream: owned(upstream),
            related: Vec::new(),
            distribution: id.starts_with('D'),
            own: None,
        }
    }

    fn show(records: &[Names]) -> Vec<(String, Vec<String>, Vec<usize>)> {
        group(records).into_iter().map(|g| (g.id, g.aliases, g.records)).collect()
    }

    #[test]
    fn records_of_one_flaw_are_one_finding() {
        let records = [
            names("PYSEC-2021-1", &["CVE-2021-1000", "GHSA-a"], &[]),
            names("GHSA-a", &["CVE-2021-1000"], &[]),
            names("SNYK-1", &["GHSA-a"], &[]),
        ];
        assert_eq!(
            show(&records),
            [(
                "CVE-2021-1000".into(),
                vec!["GHSA-a".into(), "PYSEC-2021-1".into(), "SNYK-1".into()],
                vec![0, 1, 2]
            )]
        );
    }

    #[test]
    fn a_distribution_advisory_is_as_many_findings_as_flaws() {
        let records = [
            names("DSA-1-1", &[], &["CVE-2009-1883", "CVE-2009-2909", "DEBIAN-CVE-2009-1883"]),
            names("DEBIAN-CVE-2009-1883", &[], &["CVE-2009-1883"]),
        ];
        assert_eq!(
            show(&records),
            [
                ("CVE-2009-1883".into(), vec!["DEBIAN-CVE-2009-1883".into()], vec![0, 1]),
                ("CVE-2009-2909".into(), vec![], vec![0]),
            ]
        );
    }

    #[test]
    fn two_cves_stay_two_though_their_advisories_alias_each_other() {
        let records = [
            names("GHSA-a", &["CVE-2019-10744", "GHSA-b"], &[]),
            names("GHSA-b", &["CVE-2020-8203", "GHSA-a"], &[]),
        ];
        assert_eq!(
            show(&records),
            [
                ("CVE-2019-10744".into(), vec!["GHSA-a".into()], vec![0]),
                ("CVE-2020-8203".into(), vec!["GHSA-b".into()], vec![1]),
            ]
        );
    }

    #[test]
    fn two_advisories_that_share_all_their_names_are_two_findings() {
        let cves = ["CVE-2021-23337", "CVE-2026-4800"];
        let record = |id, other: &str, own: &str| {
            let aliases = [&cves[..], &[other]].concat();
            Names { own: Some(own.to_owned()), ..names(id, &aliases, &[]) }
        };
        let records = [record("GHSA-35jh", "GHSA-r5fr", cves[0]), record("GHSA-r5fr", "GHSA-35jh", cves[1])];
        assert_eq!(
            show(&records),
            [
                ("CVE-2021-23337".into(), vec!["GHSA-35jh".into()], vec![0]),
                ("CVE-2026-4800".into(), vec!["GHSA-r5fr".into()], vec![1]),
            ]
        );
    }

    #[test]
    fn without_a_cve_the_best_known_name_stands() {
        let records =
            [names("RUSTSEC-2020-1", &["GHSA-z"], &[]), names("GHSA-z", &[], &[]), names("MAL-1", &[], &[])];
        assert_eq!(
            show(&records),
            [("GHSA-z".into(), vec!["RUSTSEC-2020-1".into()], vec![0, 1]), ("MAL-1".into(), vec![], vec![2]),]
        );
    }
}
