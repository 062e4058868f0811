//! One line an endpoint: of it are made the route, the reading of its input, and its part of the OpenAPI document.

use std::{collections::HashMap, future::Future};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use pratique_service::{Caller, Service};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::problem::Problem;

/// Most bytes of a request.
const BODY: usize = 1 << 20;
/// Most things of a page, and how many there are if nobody says.
const PAGE: usize = 1000;
const USUAL_PAGE: usize = 100;

/// A call of an endpoint.
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) caller: Caller,
    path: HashMap<String, String>,
    query: HashMap<String, String>,
}

impl Call {
    /// A part of the path, decoded.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A parameter behind the `?`.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Where the page begins: behind this.
    pub(crate) fn cursor(&self) -> &str {
        self.query("cursor").unwrap_or_default()
    }

    /// How many things the page may have.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.query("limit") else { return Ok(USUAL_PAGE) };
        match text.parse() {
            Ok(limit @ 1..=PAGE) => Ok(limit),
            _ => Err(Problem::invalid(format!("limit is {text:?}, not a number from 1 to {PAGE}"))),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page<T> {
    /// What is on it.
    items: Vec<T>,
    /// The `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` things out of one more, if there is one more; `cursor` names a thing's place.
    pub(crate) fn of<U>(
        mut all: Vec<U>,
        limit: usize,
        cursor: impl Fn(&U) -> String,
        show: impl Fn(U) -> T,
    ) -> Self {
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(cursor);
        Self { items: all.into_iter().map(show).collect(), next }
    }
}

/// No input, or no output.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

/// What an endpoint is called in the table.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    /// With `{names}` of parts that vary.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// Parameters behind the `?`, with what they are.
    pub(crate) query: &'static [(&'static str, &'static str)],
}

impl Endpoint {
    pub(crate) const fn new(method: Method, path: &'static str, summary: &'static str) -> Self {
        Self { method, path, summary, query: &[] }
    }

    /// A list, which comes in pages.
    pub(crate) const fn list(path: &'static str, summary: &'static str) -> Self {
        const PAGES: &[(&str, &str)] = &[
            ("cursor", "`next` of the page before"),
            ("limit", "things on a page, 1 to 1000; 100 if absent"),
        ];
        Self { method: Method::GET, path, summary, query: PAGES }
    }
}

/// The API in the making.
pub(crate) struct Api {
    router: Router<Service>,
    paths: Map<String, Value>,
    schemas: SchemaGenerator,
}

impl Api {
    pub(crate) fn new() -> Self {
        // OpenAPI 3.1 speaks JSON Schema 2020-12.
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { router: Router::new(), paths: Map::new(), schemas: settings.into_generator() }
    }

    /// Adds an endpoint.
    pub(crate) fn add<I, O, F, H>(mut self, endpoint: &Endpoint, handler: H) -> Self
    where
        I: DeserializeOwned + JsonSchema + Default + Send,
        O: Serialize + JsonSchema,
        F: Future<Output = Result<O, Problem>> + Send,
        H: Fn(Call, I) -> F + Clone + Send + Sync + 'static,
    {
        let Endpoint { method, path, .. } = endpoint;
        let (path, with_body) = (format!("/api/v1{path}"), takes_body(method));
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let handle = move |State(service): State<Service>,
                           Path(path): Path<HashMap<String, String>>,
                           RawQuery(query): RawQuery,
                           headers: HeaderMap,
                           body: axum::body::Body| {
            let handler = handler.clone();
            async move {
                let bytes = axum::body::to_bytes(body, BODY)
                    .await
                    .map_err(|_| Problem::invalid(format!("a request may have {BODY} bytes")))?;
                let call = call(service, path, query.as_deref().unwrap_or_default(), &headers).await?;
                let input = if with_body { read(&bytes)? } else { I::default() };
                handler(call, input).await.map(|output| Json(output).into_response())
            }
        };
        self.describe::<I, O>(endpoint, &path, with_body);
        self.router = self.router.route(&path, on(filter, handle));
        self
    }

    fn describe<I: JsonSchema, O: JsonSchema>(&mut self, endpoint: &Endpoint, path: &str, with_body: bool) {
        let json_of = |schema: Schema| json!({ "application/json": { "schema": schema } });
        let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = in_path
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(endpoint.query.iter().map(|(name, what)| {
            json!({ "name": name, "in": "query", "description": what, "schema": { "type": "string" } })
        }));
        let output = self.schemas.subschema_for::<O>();
        let mut operation = json!({
            "summary": endpoint.summary,
            "parameters": parameters,
            "responses": {
                "200": { "description": "Done.", "content": json_of(output) },
                "default": {
                    "description": "A problem document (RFC 9457).",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
        });
        if with_body && let Some(fields) = operation.as_object_mut() {
            let input = self.schemas.subschema_for::<I>();
            fields.insert("requestBody".into(), json!({ "required": true, "content": json_of(input) }));
        }
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.method.as_str().to_ascii_lowercase(), operation);
        }
    }

    /// The routes, with that of their description.
    pub(crate) fn into_router(mut self) -> Router<Service> {
        let document = self.document().to_string();
        let show = move || {
            let document = document.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], document) }
        };
        self.router
            .route("/api/v1/openapi.json", get(show))
            .route("/api/{*rest}", axum::routing::any(nowhere))
    }

    /// The OpenAPI document.
    fn document(&mut self) -> Value {
        let mut schemas = self.schemas.take_definitions(true);
        schemas.insert(
            "Problem".into(),
            json!({
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": { "type": "string" },
                    "title": { "type": "string" },
                    "status": { "type": "integer" },
                    "detail": { "type": "string" },
                },
            }),
        );
        json!({
            "openapi": "3.1.0",
            "info": { "title": "Pratique", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0" } },
            "security": [{ "basic": [] }, { "bearer": [] }],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "basic": { "type": "http", "scheme": "basic" },
                    "bearer": { "type": "http", "scheme": "bearer" },
                },
            },
        })
    }
}

fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

async fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, Problem::invalid("no such endpoint; /api/v1/openapi.json lists them"))
        .into_response()
}

async fn call(
    service: Service,
    path: HashMap<String, String>,
    query: &str,
    headers: &HeaderMap,
) -> Result<Call, Problem> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = service.authenticate_header(header).await?;
    let query = serde_urlencoded::from_str(query)
        .map_err(|error| Problem::invalid(format!("the query cannot be read: {error}")))?;
    Ok(Call { service, caller, path, query })
}

fn read<I: DeserializeOwned>(bytes: &Bytes) -> Result<I, Problem> {
    // `{}` may be left out.
    let bytes = if bytes.is_empty() { b"{}" } else { &bytes[..] };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let input = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Problem::invalid(format!("the body cannot be read at {}: {}", error.path(), error.inner()))
    })?;
    json.end().map_err(|error| Problem::invalid(format!("the body goes on behind its end: {error}")))?;
    Ok(input)
}
