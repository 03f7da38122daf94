//! The `OpenAPI` document, completed with the answers that no operation gives by itself.

use std::sync::Arc;

use serde_json::{Map, Value, json};

/// The document of a service, and the page that shows it.
#[derive(Debug, Clone)]
pub struct Document {
    json: Arc<Value>,
    page: Arc<str>,
}

/// The errors that the server itself can answer with, whatever the operation: status, name, meaning.
const ERRORS: &[(&str, &str, &str)] = &[
    (
        "405",
        "MethodNotAllowed",
        "The path knows other methods; `Allow` lists them.",
    ),
    (
        "413",
        "PayloadTooLarge",
        "The request's body is larger than `server.body_limit`.",
    ),
    (
        "500",
        "InternalError",
        "The server failed; its log says why.",
    ),
    ("default", "Error", "Any other error."),
];

/// The errors of an operation that reads a body or parameters.
const INPUT_ERRORS: &[(&str, &str, &str)] = &[
    (
        "400",
        "BadRequest",
        "The request does not fit the operation; `detail` says where.",
    ),
    (
        "415",
        "UnsupportedMediaType",
        "The body's media type is none that the operation reads.",
    ),
];

impl Document {
    /// Completes poem-openapi's document `spec`, and puts the result into its Swagger UI page.
    pub(super) fn new(spec: &str, page: &str) -> Self {
        let mut json: Value = serde_json::from_str(spec).expect("poem-openapi writes JSON");
        complete(&mut json);
        // The page has the document inside a script: `</script>` in a description would end it.
        let embedded = json.to_string().replace("</", "<\\/");
        Self {
            page: page.replace(spec, &embedded).into(),
            json: Arc::new(json),
        }
    }

    /// The document.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The document as it is kept in a file: indented, with a line end.
    #[must_use]
    pub fn pretty(&self) -> String {
        format!("{:#}\n", self.json)
    }

    /// Swagger UI as one page that loads nothing from elsewhere.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Each path of the document with its methods, in capitals.
    pub(super) fn routes(&self) -> Vec<(String, Vec<String>)> {
        let paths = self.json["paths"].as_object().into_iter().flatten();
        paths
            .map(|(path, item)| {
                let methods = item.as_object().into_iter().flat_map(Map::keys);
                (
                    path.clone(),
                    methods.map(|method| method.to_ascii_uppercase()).collect(),
                )
            })
            .collect()
    }
}

fn complete(json: &mut Value) {
    let problem = json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "description": "What kind of problem; `about:blank` where the status says it all."},
            "title": {"type": "string", "description": "The kind in words."},
            "status": {"type": "integer", "format": "int32", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "What happened this time, and what to do."},
            "instance": {"type": "string", "description": "The path that was asked for."}
        }
    });
    json["components"]["schemas"]["Problem"] = problem;
    for (status, name, meaning) in ERRORS.iter().chain(INPUT_ERRORS) {
        let mut response = json!({
            "description": meaning,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        });
        if *status == "405" {
            response["headers"] = json!({
                "Allow": {"description": "The methods that the path knows.", "required": true, "schema": {"type": "string"}}
            });
        }
        json["components"]["responses"][name] = response;
    }
    let Some(paths) = json["paths"].as_object_mut() else {
        return;
    };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        if let (Some(get), false) = (item.get("get"), item.contains_key("head")) {
            let head = head_of(get);
            item.insert("head".to_owned(), head);
        }
    }
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
    {
        let reads = !operation["requestBody"].is_null()
            || operation["parameters"]
                .as_array()
                .is_some_and(|list| !list.is_empty());
        let input = if reads { INPUT_ERRORS } else { &[] };
        let Some(responses) = operation["responses"].as_object_mut() else {
            continue;
        };
        for (status, name, _) in ERRORS.iter().chain(input) {
            responses
                .entry(*status)
                .or_insert_with(|| json!({"$ref": format!("#/components/responses/{name}")}));
        }
        if !reads {
            operation
                .as_object_mut()
                .map(|operation| operation.remove("requestBody"));
        }
    }
}

/// HEAD is answered wherever GET is: the same statuses and headers, and no body.
fn head_of(get: &Value) -> Value {
    let mut head = get.clone();
    head["summary"] = "The same without the body.".into();
    if let Some(id) = get["operationId"].as_str() {
        head["operationId"] = format!("{id}Head").into();
    }
    for response in head["responses"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if let Some(response) = response.as_object_mut() {
            response.remove("content");
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_can_not_end_the_pages_script() {
        let spec = r#"{"info":{"description":"</script>"},"paths":{}}"#;
        let document = Document::new(spec, &format!("<script>let spec = {spec};</script>"));
        assert_eq!(document.page().matches("</script>").count(), 1);
        assert!(document.page().contains(r"<\/script>"));
    }

    #[test]
    fn an_operation_keeps_the_errors_that_it_declares_itself() {
        let spec = r#"{"paths":{"/x":{"get":{"responses":{"500":{"description":"mine"}}}}}}"#;
        let document = Document::new(spec, "");
        let responses = &document.json()["paths"]["/x"]["get"]["responses"];
        assert_eq!(responses["500"]["description"], "mine");
        assert_eq!(
            responses["405"]["$ref"],
            "#/components/responses/MethodNotAllowed"
        );
        assert!(responses["415"].is_null());
        assert_eq!(
            document.routes(),
            [("/x".to_owned(), vec!["GET".to_owned(), "HEAD".to_owned()])]
        );
    }
}
