//! An application as a user writes one: what the example `orders` takes, refuses, finds and answers,
//! to the letter the same on both engines.

#[expect(dead_code, reason = "`main` is for `cargo run --example orders`")]
#[path = "../../examples/orders/main.rs"]
mod app;

use serde_json::{Value, json};
use twinbase::testing::{Answer, TestApplication, TestDatabase, request};

const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

async fn serve(database: &TestDatabase) -> TestApplication {
    let config = TestApplication::config(database.config());
    let application = TestApplication::serve(app::application(config)).await;
    application.until_ready_answers(200).await;
    application
}

async fn post(application: &TestApplication, order: &Value) -> Answer {
    let body = order.to_string();
    let length = format!("Content-Length: {}", body.len());
    let headers = ["Content-Type: application/json", &length];
    let address = application.address();
    request(address, "POST /orders", &headers, body.as_bytes()).await
}

/// An ordinary order with `changes` over it.
fn order(changes: Value) -> Value {
    let mut order = json!({
        "id": ID,
        "reference": "A-1",
        "note": "by the back door",
        "customer": 7,
        "quantity": 2,
        "priority": 1,
        "weight": 0.1,
        "price": "19.99",
        "paid": true,
        "due": "2026-03-02",
        "placed_at": "2026-03-01T09:00:00.000001Z",
        "signature": [0, 127, 255],
        "lines": [{"article": "pen", "pieces": 2}],
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (key, value) in changes {
        assert!(order.get(&key).is_some(), "an order has no {key}");
        order[key] = value;
    }
    order
}

/// The answer that shows `order`: what is null is left out.
fn shown(order: &Value) -> Value {
    let fields = order.as_object().unwrap().iter();
    let set = fields.filter(|(_, value)| !value.is_null());
    set.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Orders at the edges of each column.
fn edges() -> Vec<Value> {
    vec![
        order(json!({})),
        order(json!({
            "id": "00000000-0000-0000-0000-000000000000",
            "reference": "",
            "note": null,
            "customer": i64::MIN,
            "quantity": 1,
            "priority": i16::MIN,
            "weight": 5e-324,
            "price": "-999999999999.99999999",
            "paid": false,
            "due": null,
            "placed_at": "0001-01-01T00:00:00.000000Z",
            "signature": [],
            "lines": [],
        })),
        order(json!({
            "id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "reference": "ä😀345678901234567890",
            "note": "'; DROP TABLE orders; -- \"?\" $1 \\ \n\u{10ffff}",
            "customer": i64::MAX,
            "quantity": i32::MAX,
            "priority": i16::MAX,
            "weight": f64::MAX,
            "price": "999999999999.99999999",
            "due": "9999-12-31",
            "placed_at": "9999-12-31T23:59:59.999999Z",
            "signature": (0..=255).collect::<Vec<u8>>(),
            "lines": [{"article": "\\u0000 \"ink\"", "pieces": u32::MAX}, {"article": "", "pieces": 0}],
        })),
    ]
}

/// The references of the orders that a query finds, in its order.
async fn found(application: &TestApplication, query: &str) -> Vec<String> {
    let answer = application.send(&format!("GET /orders?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let orders = answer.json();
    let orders = orders.as_array().unwrap().iter();
    orders
        .map(|order| order["reference"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn assert_problem(answer: &Answer, status: u16, detail: &str) {
    assert_eq!(answer.status, status, "{detail}: {answer:?}");
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("application/problem+json"), "{answer:?}");
    let said = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains(detail), "{said:?} does not say {detail:?}");
}

twinbase::on_both_engines! {
    async fn an_order_comes_back_as_it_went_in(database: TestDatabase) {
        let application = serve(&database).await;
        for order in edges() {
            let answer = post(&application, &order).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            assert_eq!(answer.json(), shown(&order));
            let id = order["id"].as_str().unwrap();
            let read = application.send(&format!("GET /orders/{id}")).await;
            assert_eq!((read.status, read.json()), (200, shown(&order)));
        }
        let all = application.send("GET /orders").await.json();
        let mut dearest_first: Vec<_> = edges().iter().map(shown).collect();
        dearest_first.rotate_right(1);
        assert_eq!(all, json!(dearest_first));
        application.stop().await;
    }

    async fn a_value_that_does_not_fit_is_a_400_problem_and_leaves_no_row(database: TestDatabase) {
        let application = serve(&database).await;
        for (changes, detail) in [
            (json!({"id": &ID[..35]}), "not a UUID"),
            (json!({"price": "0.123456789"}), "out of the range of its column"),
            (json!({"price": "1000000000000"}), "out of the range of its column"),
            (json!({"price": 19.99}), "string_decimal"),
            (json!({"reference": "ä😀3456789012345678901"}), "out of the range of its column"),
            (json!({"quantity": 0}), "out of the range of its column"),
            (json!({"note": "a\0"}), "out of the range of its column"),
            (json!({"lines": [{"article": "\0", "pieces": 1}]}), "out of the range of its column"),
            (json!({"priority": 32768}), "from -32768 to 32767"),
            (json!({"due": "2024-02-30"}), "date out of range"),
            (json!({"placed_at": "2026-03-01"}), "2026-03-01"),
            (json!({"paid": 2}), "boolean"),
            (json!({"signature": [256]}), "from 0 to 255"),
            (json!({"lines": [{"article": "pen"}]}), "Line"),
            (json!({"customer": null}), "integer_int64"),
        ] {
            let answer = post(&application, &order(changes)).await;
            assert_problem(&answer, 400, detail);
        }
        assert!(found(&application, "").await.is_empty());
        let answer = application.send(&format!("GET /orders/{}", &ID[..35])).await;
        assert_problem(&answer, 400, "not a UUID");
        let answer = application.send("GET /orders?min_price=abc").await;
        assert_problem(&answer, 400, "min_price");
        application.stop().await;
    }

    async fn a_second_order_of_the_same_id_or_reference_is_a_409_problem(database: TestDatabase) {
        let application = serve(&database).await;
        assert_eq!(post(&application, &order(json!({}))).await.status, 201);
        for again in [
            order(json!({"reference": "A-2"})),
            order(json!({"id": "0190163d-8694-739b-aea5-966c26f8ad92"})),
        ] {
            let answer = post(&application, &again).await;
            assert_problem(&answer, 409, "there is an order with this id or reference");
        }
        assert_eq!(found(&application, "").await, ["A-1"]);
        application.stop().await;
    }

    async fn an_operation_says_itself_what_it_did_not_find(database: TestDatabase) {
        let application = serve(&database).await;
        let answer = application.send(&format!("GET /orders/{ID}")).await;
        assert_problem(&answer, 404, "there is no such order");
        application.stop().await;
    }

    async fn prices_and_moments_are_filtered_and_sorted_by_value(database: TestDatabase) {
        let application = serve(&database).await;
        for (number, price) in ["9", "10", "9.5", "-1", "100.00000001"].into_iter().enumerate() {
            let placed = order(json!({
                "id": format!("00000000-0000-0000-0000-00000000000{number}"),
                "reference": price,
                "price": price,
                "paid": number % 2 == 0,
                "placed_at": format!("2026-03-01T09:00:0{number}.000000Z"),
            }));
            let answer = post(&application, &placed).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        assert_eq!(found(&application, "").await, ["100.00000001", "10", "9.5", "9", "-1"]);
        assert_eq!(found(&application, "min_price=9.50").await, ["100.00000001", "10", "9.5"]);
        assert_eq!(found(&application, "paid=true&min_price=9.0").await, ["100.00000001", "9.5", "9"]);
        let later = "placed_since=2026-03-01T10:00:02%2B01:00";
        assert_eq!(found(&application, later).await, ["100.00000001", "9.5", "-1"]);
        application.stop().await;
    }
}
