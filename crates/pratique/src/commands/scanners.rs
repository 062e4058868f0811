//! What a scan looks for: vulnerabilities, misconfigurations, secrets, licences.

use pratique_check::{image, licence, secrets::SecretFiles, traces::Traces};
use pratique_inventory::{Cataloger, Scope, licence::LicenceTexts};
use pratique_report::{
    checks::{LicenceRow, MisconfigurationRow, SecretRow},
    model::Checked,
};

use crate::settings::Taken;

/// `--scanners`, in Trivy's words.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScannersArgs {
    /// What to look for; secrets and licences read many more files
    #[arg(
        long,
        visible_alias = "checks",
        value_enum,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "vuln"
    )]
    scanners: Vec<Scanner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scanner {
    /// Known vulnerabilities of packages
    Vuln,
    /// How the image is made: user, health, permissions, leftovers
    #[value(alias = "config")]
    Misconfig,
    /// Secrets in files, variables, labels and history
    Secret,
    /// Licences of packages
    #[value(alias = "licence")]
    License,
}

impl ScannersArgs {
    fn has(&self, scanner: Scanner) -> bool {
        self.scanners.contains(&scanner)
    }

    /// Whether advisories are needed.
    pub(crate) fn vulnerabilities(&self) -> bool {
        self.has(Scanner::Vuln)
    }

    /// Readers that are asked besides those for packages.
    pub(crate) fn catalogers(&self) -> Vec<&'static dyn Cataloger> {
        let mut readers: Vec<&'static dyn Cataloger> = Vec::new();
        if self.has(Scanner::Misconfig) {
            readers.push(&Traces);
        }
        if self.has(Scanner::Secret) {
            readers.push(&SecretFiles);
        }
        if self.has(Scanner::License) {
            readers.push(&LicenceTexts);
        }
        readers
    }

    /// What was found, vulnerabilities left out.
    pub(crate) fn checked(&self, taken: &Taken, scope: Scope) -> Checked {
        let layers = &taken.target.layers;
        let config = taken.config.as_ref();
        let misconfigurations = self.has(Scanner::Misconfig).then(|| {
            let subject = image::Subject { config, inventory: &taken.inventory };
            image::check(&subject).iter().map(|found| MisconfigurationRow::new(found, layers)).collect()
        });
        let secrets = self.has(Scanner::Secret).then(|| {
            let of_config = config.map(image::config_secrets).unwrap_or_default();
            SecretRow::all(&taken.inventory, &of_config, layers)
        });
        let licenses = self.has(Scanner::License).then(|| {
            LicenceRow::all(&licence::licences(&taken.inventory, scope), &licence::Policy::default())
        });
        Checked { without_vulnerabilities: !self.vulnerabilities(), misconfigurations, secrets, licenses }
    }
}
