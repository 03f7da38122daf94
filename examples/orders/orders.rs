//! The operations on orders, and the one struct that they read, store and answer with.

use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json as Body;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use sqlx::{Any, FromRow, QueryBuilder};
use twinbase::api::WriteSession;
use twinbase::database::{Database, DatabaseError, ErrorKind};
use twinbase::types::{Date, Decimal, Json, Timestamp, Uuid};

/// An order: a row of the table, a body that comes in, a body that goes out. What is NULL is left out of
/// the answer, for the document has no null.
#[derive(Object, FromRow)]
struct Order {
    /// Made by the client, so that a request sent twice is a conflict and not two orders.
    id: Uuid,
    /// The customer's name for it, at most 20 characters.
    reference: String,
    #[oai(skip_serializing_if_is_none)]
    note: Option<String>,
    customer: i64,
    quantity: i32,
    priority: i16,
    /// In kilograms.
    weight: f64,
    /// Every digit of it is kept: 12 before the point, 8 after.
    price: Decimal,
    paid: bool,
    #[oai(skip_serializing_if_is_none)]
    due: Option<Date>,
    placed_at: Timestamp,
    /// The bytes of the signature.
    signature: Vec<u8>,
    lines: Json<Vec<Line>>,
}

/// A line of an order, kept as JSON.
#[derive(Object, Serialize, Deserialize)]
struct Line {
    article: String,
    pieces: u32,
}

#[derive(ApiResponse)]
enum Placed {
    /// The order as it is stored.
    #[oai(status = 201)]
    Order(Body<Order>),
}

/// The operations. They take the database from the application that serves them.
pub(crate) struct Orders;

#[OpenApi]
impl Orders {
    /// Places an order.
    #[oai(path = "/orders", method = "post")]
    async fn place(&self, mut session: WriteSession, order: Body<Order>) -> poem::Result<Placed> {
        let Body(order) = order;
        let stored = sqlx::query_as(
            "INSERT INTO orders (id, reference, note, customer, quantity, priority, weight, price,
                 paid, due, placed_at, signature, lines)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *",
        )
        .bind(order.id)
        .bind(order.reference)
        .bind(order.note)
        .bind(order.customer)
        .bind(order.quantity)
        .bind(order.priority)
        .bind(order.weight)
        .bind(order.price)
        .bind(order.paid)
        .bind(order.due)
        .bind(order.placed_at)
        .bind(order.signature)
        .bind(order.lines)
        .fetch_one(&mut *session);
        Ok(Placed::Order(Body(stored.await.map_err(problem)?)))
    }

    /// One order.
    #[oai(path = "/orders/:id", method = "get")]
    async fn order(&self, database: Data<&Database>, id: Path<Uuid>) -> poem::Result<Body<Order>> {
        let order = sqlx::query_as("SELECT * FROM orders WHERE id = $1")
            .bind(id.0)
            .fetch_one(database.reader());
        Ok(Body(order.await.map_err(problem)?))
    }

    /// The orders that fit, the dearest first; at most 100.
    #[oai(path = "/orders", method = "get")]
    async fn list(
        &self,
        database: Data<&Database>,
        paid: Query<Option<bool>>,
        min_price: Query<Option<Decimal>>,
        placed_since: Query<Option<Timestamp>>,
    ) -> poem::Result<Body<Vec<Order>>> {
        let mut query = QueryBuilder::<Any>::new("SELECT * FROM orders WHERE TRUE");
        if let Some(paid) = paid.0 {
            query.push(" AND paid = ").push_bind(paid);
        }
        if let Some(price) = min_price.0 {
            query.push(" AND price >= ").push_bind(price);
        }
        if let Some(moment) = placed_since.0 {
            query.push(" AND placed_at >= ").push_bind(moment);
        }
        query.push(" ORDER BY price DESC, id LIMIT 100");
        let orders = query.build_query_as().fetch_all(database.reader());
        Ok(Body(orders.await.map_err(problem)?))
    }
}

/// What the client is told of a query's failure; of most, what their kind says.
fn problem(error: sqlx::Error) -> poem::Error {
    let (detail, status) = match ErrorKind::of(&error) {
        ErrorKind::NotFound => ("there is no such order", StatusCode::NOT_FOUND),
        ErrorKind::Unique => (
            "there is an order with this id or reference",
            StatusCode::CONFLICT,
        ),
        ErrorKind::Data | ErrorKind::Check => (
            "a value is out of the range of its column",
            StatusCode::BAD_REQUEST,
        ),
        _ => return DatabaseError::from(error).into(),
    };
    poem::Error::from_string(detail, status)
}
