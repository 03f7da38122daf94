#![expect(
    clippy::unused_async,
    reason = "poem-openapi wants operations to be async"
)]

use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use twinbase::service::Application;
use twinbase::testing::{Answer, TestApplication, TestDatabase, request};

#[derive(Object)]
struct Note {
    text: String,
}

struct Notes;

#[OpenApi]
impl Notes {
    /// Gives a note back.
    #[oai(path = "/notes", method = "post")]
    async fn echo(&self, note: Json<Note>) -> PlainText<String> {
        PlainText(note.0.text)
    }

    /// Panics.
    #[oai(path = "/panic", method = "get")]
    async fn panic(&self) -> PlainText<String> {
        panic!("on purpose");
    }

    /// One note.
    #[oai(path = "/notes/:id", method = "get")]
    async fn note(&self, id: poem_openapi::param::Path<i64>) -> PlainText<String> {
        PlainText(id.0.to_string())
    }
}

async fn serve(database: &TestDatabase, body_limit: usize) -> TestApplication {
    let mut config = TestApplication::config(database.config());
    config.server.body_limit = body_limit;
    TestApplication::serve(Application::new(config).api(Notes)).await
}

/// The answer is problem details, and the document has it for that operation.
fn assert_documented(answer: &Answer, document: &Value, status: u16, path: &str, method: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for key in ["type", "title", "detail"] {
        assert!(
            problem[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key} of {problem}"
        );
    }
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    let name = response["$ref"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    let described = &document["components"]["responses"][name];
    assert!(
        described["content"]["application/problem+json"]["schema"].is_object(),
        "{described}"
    );
}

twinbase::on_both_engines! {
    async fn every_refusal_is_problem_details_and_documented(database: TestDatabase) {
        let application = serve(&database, 1000).await;
        let address = application.address();
        let document = application.send("GET /openapi.json").await.json();
        let json = "Content-Type: application/json";

        let fine = request(address, "POST /notes", &[json, "Content-Length: 12"], br#"{"text":"a"}"#).await;
        assert_eq!((fine.status, fine.body.as_str()), (200, "a"));

        let answer = request(address, "POST /notes", &[json, "Content-Length: 2"], b"{}").await;
        assert_documented(&answer, &document, 400, "/notes", "post");

        let answer = request(address, "POST /notes", &["Content-Type: text/csv", "Content-Length: 1"], b"a").await;
        assert_documented(&answer, &document, 415, "/notes", "post");

        let answer = request(address, "POST /notes", &[json, "Content-Length: 5000"], &[b' '; 5000]).await;
        assert_documented(&answer, &document, 413, "/notes", "post");
        assert!(answer.body.contains("1000 bytes"), "{}", answer.body);

        let chunked = format!("4e20\r\n{}\r\n0\r\n\r\n", " ".repeat(20_000));
        let answer = request(address, "POST /notes", &[json, "Transfer-Encoding: chunked"], chunked.as_bytes()).await;
        assert_documented(&answer, &document, 413, "/notes", "post");

        let answer = application.send("GET /panic").await;
        assert_documented(&answer, &document, 500, "/panic", "get");
        assert!(!answer.body.contains("on purpose"), "a panic's text stays in the log");

        let answer = application.send("GET /notes/abc").await;
        assert_documented(&answer, &document, 400, "/notes/{id}", "get");

        for (line, allow, path, method) in [
            ("DELETE /api/v1/ready", "GET, HEAD", "/api/v1/ready", "get"),
            ("GET /notes", "POST", "/notes", "post"),
            ("POST /notes/7", "GET, HEAD", "/notes/{id}", "get"),
            ("OPTIONS /", "GET, HEAD", "/", "get"),
        ] {
            let answer = application.send(line).await;
            assert_documented(&answer, &document, 405, path, method);
            assert_eq!(answer.header("allow"), Some(allow), "{line}");
        }

        let answer = application.send("GET /nowhere").await;
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")));
        assert_eq!(answer.json()["instance"], "/nowhere");
        // It serves on after all that.
        assert_eq!(application.until_ready_answers(200).await.status, 200);
        application.stop().await;
    }

    async fn swagger_ui_and_the_document_need_no_redirect_and_no_internet(database: TestDatabase) {
        let application = serve(&database, 1000).await;
        let page = application.send("GET /docs").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(!page.body.contains("src=\"http") && !page.body.contains("href=\"http"), "it loads from elsewhere");
        let root = application.send("GET /").await;
        assert_eq!((root.status, root.header("location")), (307, Some("/docs")));
        let head = application.send("HEAD /docs").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        application.stop().await;
    }
}
