//! The value types where an application meets them: in a row, in an argument, in the API.

use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ParseFromParameter, ToJSON, Type};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection, FromRow, Row};
use twinbase::types::{Date, Decimal, Json, Timestamp, Uuid};

#[derive(Debug, Clone, PartialEq, Object, serde::Serialize, serde::Deserialize)]
struct Tags {
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Object)]
struct Item {
    id: Uuid,
    made_at: Timestamp,
    due: Option<Date>,
    price: Decimal,
    tags: Json<Tags>,
}

impl<'r> FromRow<'r, AnyRow> for Item {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            made_at: row.try_get("made_at")?,
            due: row.try_get("due")?,
            price: row.try_get("price")?,
            tags: row.try_get("tags")?,
        })
    }
}

fn item(due: Option<Date>) -> Item {
    Item {
        id: "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap(),
        made_at: "2024-06-14T07:05:09.000001Z".parse().unwrap(),
        due,
        price: "12345678901234567.1234".parse().unwrap(),
        tags: Json(Tags {
            tags: vec!["ä".into()],
        }),
    }
}

async fn sqlite() -> AnyConnection {
    twinbase::driver::install().unwrap();
    AnyConnection::connect("sqlite::memory:").await.unwrap()
}

#[tokio::test]
async fn arguments_and_rows_carry_every_type_and_null() {
    let mut connection = sqlite().await;
    for due in [None, Some(Date::new(2024, 6, 14).unwrap())] {
        let sent = item(due);
        let read: Item = sqlx::query_as(
            "SELECT $1 AS id, $2 AS made_at, CAST($3 AS TEXT) AS due, $4 AS price, $5 AS tags",
        )
        .bind(sent.id)
        .bind(sent.made_at)
        .bind(sent.due)
        .bind(sent.price)
        .bind(&sent.tags)
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert_eq!(read, sent);
    }
}

#[tokio::test]
async fn an_integer_is_read_as_a_decimal_and_a_float_is_not() {
    let mut connection = sqlite().await;
    let row = sqlx::query("SELECT 7 AS whole, 0.5 AS broken, '1e3' AS exponent")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<Decimal, _>("whole"), Decimal::from(7));
    assert!(row.try_get::<Decimal, _>("broken").is_err());
    let error = row.try_get::<Decimal, _>("exponent").unwrap_err();
    assert!(
        error.to_string().contains("not a decimal number"),
        "{error}"
    );
}

#[test]
fn the_api_shows_canonical_strings_and_reads_them_back() {
    let shown = item(None).to_json().unwrap();
    assert_eq!(
        shown,
        json!({
            "id": "0190163d-8694-739b-aea5-966c26f8ad91",
            "made_at": "2024-06-14T07:05:09.000001Z",
            "due": null,
            "price": "12345678901234567.1234",
            "tags": {"tags": ["ä"]},
        })
    );
    assert_eq!(Item::parse_from_json(Some(shown)).unwrap(), item(None));
    assert!(Date::parse_from_parameter("2024-02-30").is_err());
    assert_eq!(
        Decimal::parse_from_parameter("1.50").unwrap(),
        "1.5".parse().unwrap()
    );
}

#[test]
fn the_api_takes_what_its_document_says_and_nothing_else() {
    for number in [json!(1), json!(1.5)] {
        assert!(Decimal::parse_from_json(Some(number)).is_err());
    }
    let schema = serde_json::to_value(Decimal::schema_ref().unwrap_inline()).unwrap();
    assert_eq!(schema["type"], "string");
    assert_eq!(schema["format"], "decimal");
    let formats = [
        (Uuid::schema_ref(), "uuid"),
        (Timestamp::schema_ref(), "date-time"),
        (Date::schema_ref(), "date"),
    ];
    for (schema, format) in formats {
        let schema = schema.unwrap_inline().clone();
        assert_eq!(schema.format, Some(format));
        assert!(schema.example.is_some());
    }
    assert_eq!(Json::<Tags>::name(), Tags::name());
}
