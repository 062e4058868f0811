//! .NET applications: assemblies and the `*.deps.json` that says what they are.
//!
//! An assembly states itself by its version resource, which has the assembly's name and version, not the package's. A
//! `*.deps.json` knows both, and which files each package brought. So an assembly that it accounts for is left out: it
//! would be the same thing a second time, or, for the two hundred assemblies of a shared runtime, two hundred packages
//! where there is one.

use std::collections::HashSet;

use super::Statement;
use crate::{catalogers::executables::assembly::ASSEMBLY, package::PackageKind, path_set::PathSet};

/// Leaves out the assemblies that another file of the image accounts for.
pub(super) fn leave_out_accounted(found: &mut Vec<Statement<'_>>) {
    let is_assembly = |statement: &Statement<'_>| {
        statement.stated.kind == PackageKind::NuGet && statement.stated.details.contains_key(ASSEMBLY)
    };
    let accounted: HashSet<u64> = found
        .iter()
        .filter(|statement| statement.stated.kind == PackageKind::NuGet && !is_assembly(statement))
        .flat_map(|statement| statement.stated.files.hashes())
        .collect();
    if !accounted.is_empty() {
        found.retain(|statement| {
            !is_assembly(statement) || !accounted.contains(&PathSet::hash(statement.path.as_bytes()))
        });
    }
}

#[cfg(test)]
mod tests {
    use pratique_image::ImagePath;

    use super::{super::More, *};
    use crate::Stated;

    #[test]
    fn an_assembly_that_is_accounted_for_is_left_out() {
        let assembly = |name: &str| Stated {
            kind: PackageKind::NuGet,
            name: name.into(),
            details: [(ASSEMBLY.to_owned(), format!("{name}.dll"))].into(),
            ..Stated::default()
        };
        let package = Stated {
            kind: PackageKind::NuGet,
            name: "Package".into(),
            files: ["app/A.dll"].iter().collect(),
            ..Stated::default()
        };
        let all =
            [(package, "app/App.deps.json"), (assembly("A"), "app/A.dll"), (assembly("B"), "app/B.dll")];
        let all = all.map(|(stated, path)| (stated, ImagePath::new(path).unwrap()));
        let statements = all.iter().map(|(stated, path)| Statement {
            stated,
            path,
            layer: 0,
            owned_by: None,
            licences: Vec::new(),
            more: More::default(),
        });
        let mut found: Vec<_> = statements.collect();
        leave_out_accounted(&mut found);
        let left: Vec<_> = found.iter().map(|statement| &*statement.stated.name).collect();
        assert_eq!(left, ["Package", "B"]);
    }
}
