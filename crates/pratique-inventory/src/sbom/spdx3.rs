//! SPDX 3.0.1 as JSON-LD (the serialisation of the specification's clause 6.2, with its context).
//!
//! A graph of elements, each with an id of its own: the document, the SBOM, who made them, the image, the operating
//! system, the packages; relationships and licences are elements too. What the format has no field for is an
//! annotation with the same lines as in SPDX 2.
//!
//! Traps: keys of the software profile bear its prefix (`software_packageUrl`), those of the core do not; whoever
//! created an element is an agent, and a tool is not one.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Value, json};

use super::{
    Contents, Entry, Sbom, checksums,
    contents::NO_TIME,
    licences, properties,
    spdx2::{identifier, lines},
    supplier, uuid,
};

/// Address of the context that says what the keys mean.
pub(crate) const CONTEXT: &str = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";
const CREATION: &str = "_:creation";

/// Writes `sbom` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(sbom: &Sbom<'_>, contents: &Contents<'_>, to: &mut dyn Write) -> io::Result<()> {
    // Ids begin with an address that only this document has: the graph is made twice, once to find it.
    let nameless = Graph::new(sbom, contents, "").elements;
    let content = serde_json::to_vec(&nameless)?;
    let space = format!("https://pratique.invalid/spdx/{}#", uuid::of("spdx3", &content));
    let graph = Graph::new(sbom, contents, &space);
    serde_json::to_writer_pretty(&mut *to, &json!({ "@context": CONTEXT, "@graph": graph.elements }))?;
    to.write_all(b"\n")
}

struct Graph<'a> {
    space: &'a str,
    elements: Vec<Value>,
    /// Ids of all elements but the document and the SBOM.
    ids: Vec<String>,
    /// Suppliers by name: their ids.
    suppliers: BTreeMap<String, String>,
    /// Licence expressions: their ids.
    licences: BTreeMap<String, String>,
}

impl<'a> Graph<'a> {
    fn new(sbom: &Sbom<'_>, contents: &Contents<'_>, space: &'a str) -> Self {
        let mut graph = Self {
            space,
            elements: Vec::new(),
            ids: Vec::new(),
            suppliers: BTreeMap::new(),
            licences: BTreeMap::new(),
        };
        graph.elements.push(json!({
            "type": "CreationInfo",
            "@id": CREATION,
            "specVersion": "3.0.1",
            "created": sbom.created.unwrap_or(NO_TIME),
            "createdBy": [graph.id("agent")],
            "createdUsing": [graph.id("tool")],
        }));
        graph.element("SoftwareAgent", "agent", json!({ "name": "pratique" }));
        graph.element("Tool", "tool", json!({ "name": format!("pratique-{}", sbom.tool_version) }));
        let image = graph.image(sbom);
        let mut inside = Vec::new();
        inside.extend(sbom.inventory.distribution.as_ref().map(|distribution| {
            let mut fields = json!({
                "name": distribution.id,
                "software_primaryPurpose": "operatingSystem",
            });
            set_some(&mut fields, "software_packageVersion", &distribution.version);
            let id = graph.element("software_Package", "os", fields);
            graph.annotate("os", &id, &properties::of_distribution(distribution));
            id
        }));
        for entry in contents.entries() {
            let id = graph.package(entry);
            inside.push(id.clone());
            let on: Vec<_> = contents.dependencies(entry).map(|on| graph.id(&identifier(on))).collect();
            graph.relate(&format!("depends-{}", identifier(entry)), &id, "dependsOn", &on);
        }
        graph.relate("contains", &image, "contains", &inside);
        graph.finish(sbom, &image);
        graph
    }

    fn id(&self, name: &str) -> String {
        format!("{}{name}", self.space)
    }

    /// Adds an element of `kind` and gives its id.
    fn element(&mut self, kind: &str, name: &str, mut fields: Value) -> String {
        let id = self.id(name);
        set(&mut fields, "type", kind);
        set(&mut fields, "spdxId", id.as_str());
        set(&mut fields, "creationInfo", CREATION);
        self.elements.push(fields);
        self.ids.push(id.clone());
        id
    }

    fn relate(&mut self, name: &str, from: &str, what: &str, to: &[String]) {
        if !to.is_empty() {
            self.element("Relationship", name, json!({ "from": from, "relationshipType": what, "to": to }));
        }
    }

    fn annotate(&mut self, name: &str, subject: &str, pairs: &[properties::Pair]) {
        if !pairs.is_empty() {
            let fields =
                json!({ "annotationType": "other", "subject": subject, "statement": lines::write(pairs) });
            self.element("Annotation", &format!("annotation-{name}"), fields);
        }
    }

    fn image(&mut self, sbom: &Sbom<'_>) -> String {
        let mut fields = json!({ "name": sbom.subject.name, "software_primaryPurpose": "container" });
        set_some(&mut fields, "software_packageVersion", sbom.subject.digest.as_deref().unwrap_or_default());
        let id = self.element("software_Package", "image", fields);
        self.annotate("image", &id, &properties::of_subject(sbom.subject));
        self.annotate("coverage", &id, &properties::of_problems(&sbom.inventory.problems));
        id
    }

    fn package(&mut self, entry: &Entry<'_>) -> String {
        let package = entry.package;
        let name = identifier(entry);
        let mut identifiers = vec![json!({
            "type": "ExternalIdentifier",
            "externalIdentifierType": "packageUrl",
            "identifier": package.purl,
        })];
        identifiers.extend(package.details.get("cpe").map(|cpe| {
            let kind = if cpe.starts_with("cpe:2.3:") { "cpe23" } else { "cpe22" };
            json!({ "type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": cpe })
        }));
        let mut fields = json!({
            "name": package.name,
            "software_packageUrl": package.purl,
            "software_primaryPurpose": "library",
            "externalIdentifier": identifiers,
        });
        set_some(&mut fields, "software_packageVersion", &package.version);
        let hashes: Vec<_> = checksums::of(package)
            .into_iter()
            .map(|sum| {
                let algorithm = sum.algorithm.spdx().to_ascii_lowercase();
                json!({ "type": "Hash", "algorithm": algorithm, "hashValue": sum.hex })
            })
            .collect();
        if !hashes.is_empty() {
            set(&mut fields, "verifiedUsing", hashes);
        }
        if let Some(supplier) = supplier::of(package) {
            set(&mut fields, "suppliedBy", self.supplier(&supplier.name));
        }
        let id = self.element("software_Package", &name, fields);
        let mut pairs = properties::of_package(package);
        pairs.extend(properties::locations(package));
        self.annotate(&name, &id, &pairs);
        if let Some(licence) = self.licence(&package.licences) {
            self.relate(&format!("licence-{name}"), &id, "hasDeclaredLicense", &[licence]);
        }
        id
    }

    fn supplier(&mut self, name: &str) -> String {
        if let Some(id) = self.suppliers.get(name) {
            return id.clone();
        }
        let id = self.element(
            "Organization",
            &format!("supplier-{}", self.suppliers.len()),
            json!({ "name": name }),
        );
        self.suppliers.insert(name.to_owned(), id.clone());
        id
    }

    fn licence(&mut self, stated: &[String]) -> Option<String> {
        let mut texts = BTreeMap::new();
        let expression = licences::combine(stated, &mut texts)?;
        if let Some(id) = self.licences.get(&expression) {
            return Some(id.clone());
        }
        let mut entries = Vec::new();
        for (reference, text) in texts {
            let text_id = self.id(&reference);
            if !self.ids.contains(&text_id) {
                let fields = json!({ "name": reference, "simplelicensing_licenseText": text });
                self.element("simplelicensing_SimpleLicensingText", &reference, fields);
            }
            entries.push(json!({ "type": "DictionaryEntry", "key": reference, "value": text_id }));
        }
        let mut fields = json!({ "simplelicensing_licenseExpression": expression });
        if !entries.is_empty() {
            set(&mut fields, "simplelicensing_customIdToUri", entries);
        }
        let name = format!("licence-expression-{}", self.licences.len());
        let id = self.element("simplelicensing_LicenseExpression", &name, fields);
        self.licences.insert(expression, id.clone());
        Some(id)
    }

    fn finish(&mut self, sbom: &Sbom<'_>, image: &str) {
        let all = self.ids.clone();
        let fields = json!({ "software_sbomType": ["analyzed"], "rootElement": [image], "element": all });
        let root = self.element("software_Sbom", "sbom", fields);
        let fields = json!({
            "name": sbom.subject.name,
            "profileConformance": ["core", "software", "simpleLicensing"],
            "rootElement": [root],
            "element": self.ids.clone(),
        });
        self.element("SpdxDocument", "document", fields);
    }
}

fn set(fields: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert(key.to_owned(), value.into());
    }
}

fn set_some(fields: &mut Value, key: &str, value: &str) {
    if !value.is_empty() {
        set(fields, key, value);
    }
}
