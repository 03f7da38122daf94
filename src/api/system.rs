//! The pages beside the API: Swagger UI, the document, metrics.

#![expect(
    clippy::unused_async,
    reason = "poem-openapi wants operations to be async"
)]

use std::sync::{Arc, OnceLock};

use poem_openapi::payload::{Html, Json, PlainText};
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::Value;

use super::Document;
use crate::telemetry::Metrics;

#[derive(ApiResponse)]
enum RootResponse {
    /// Swagger UI is at `/docs`.
    #[oai(status = 307)]
    Docs(
        /// The address of Swagger UI.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum DocumentResponse {
    /// This document.
    #[oai(status = 200, content_type = "application/json")]
    Document(Json<Value>),
}

#[derive(ApiResponse)]
enum PageResponse {
    /// The page; it loads nothing from elsewhere.
    #[oai(status = 200, content_type = "text/html; charset=utf-8")]
    Page(Html<String>),
}

#[derive(ApiResponse)]
enum MetricsResponse {
    /// Every metric, in Prometheus' text format.
    #[oai(
        status = 200,
        content_type = "text/plain; version=0.0.4; charset=utf-8"
    )]
    Metrics(PlainText<String>),
}

pub(super) struct SystemApi {
    document: Arc<OnceLock<Document>>,
    metrics: Metrics,
}

impl SystemApi {
    /// `document` is set once the service that this is a part of is made.
    pub(super) fn new(document: Arc<OnceLock<Document>>, metrics: Metrics) -> Self {
        Self { document, metrics }
    }
}

#[OpenApi]
impl SystemApi {
    /// Leads to Swagger UI.
    #[oai(path = "/", method = "get", operation_id = "root")]
    async fn root(&self) -> RootResponse {
        RootResponse::Docs("/docs".to_owned())
    }

    /// Swagger UI.
    #[oai(path = "/docs", method = "get", operation_id = "docs")]
    async fn docs(&self) -> PageResponse {
        let page = self
            .document
            .get()
            .map(|document| document.page().to_owned());
        PageResponse::Page(Html(page.unwrap_or_default()))
    }

    /// The `OpenAPI` document.
    #[oai(path = "/openapi.json", method = "get", operation_id = "openapi")]
    async fn openapi(&self) -> DocumentResponse {
        let json = self.document.get().map(|document| document.json().clone());
        DocumentResponse::Document(Json(json.unwrap_or_default()))
    }

    /// Metrics for Prometheus.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self) -> MetricsResponse {
        MetricsResponse::Metrics(PlainText(self.metrics.render()))
    }
}
