use sqlx::{Any, AssertSqlSafe, QueryBuilder, Row as _};
use twinbase::config::Engine;
use twinbase::database::Violation;
use twinbase::driver::ArgumentError;
use twinbase::testing::run;

use super::{argument_error, code, count, migrate, pool, raw, refused, text};

twinbase::on_both_engines! {
    async fn null_of_any_declared_type_goes_into_every_column_in_any_order(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (id BIGINT, a BIGINT, b DOUBLE PRECISION, c UUID, d BYTEA, e BOOLEAN);").await;
        let pool = pool(&test, 1).await;
        let insert = "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)";
        for id in 0..3_i64 {
            let query = sqlx::query(insert).bind(id);
            let query = match id {
                0 => query
                    .bind(None::<i64>)
                    .bind(None::<f64>)
                    .bind(None::<String>)
                    .bind(None::<Vec<u8>>)
                    .bind(None::<bool>),
                1 => query
                    .bind(None::<String>)
                    .bind(None::<f32>)
                    .bind(None::<i64>)
                    .bind(None::<bool>)
                    .bind(None::<Vec<u8>>),
                _ => query
                    .bind(5_i64)
                    .bind(0.1_f64)
                    .bind("01890a5d-ac96-774b-bcce-b302099a8057")
                    .bind(vec![1_u8])
                    .bind(true),
            };
            query.execute(&pool).await.unwrap();
        }
        let rows = sqlx::query("SELECT * FROM t ORDER BY id").fetch_all(&pool).await.unwrap();
        for row in &rows[..2] {
            assert_eq!(row.get::<Option<i64>, _>("a"), None);
            assert_eq!(row.get::<Option<f64>, _>("b"), None);
            assert_eq!(row.get::<Option<String>, _>("c"), None);
            assert_eq!(row.get::<Option<Vec<u8>>, _>("d"), None);
            assert_eq!(row.get::<Option<bool>, _>("e"), None);
        }
        assert_eq!(rows[2].get::<Option<i64>, _>("a"), Some(5));
        assert_eq!(rows[2].get::<Option<f64>, _>("b"), Some(0.1));
    }

    async fn null_of_any_type_comes_back_from_a_parameter(test: TestDatabase) {
        let row = sqlx::query("SELECT $1, $2, $3, $4, $5, $6, $7")
            .bind(None::<bool>)
            .bind(None::<i16>)
            .bind(None::<i32>)
            .bind(None::<f32>)
            .bind(None::<f64>)
            .bind(None::<String>)
            .bind(None::<Vec<u8>>)
            .fetch_one(&pool(&test, 1).await)
            .await
            .unwrap();
        for at in 0..7 {
            assert_eq!(row.get::<Option<i64>, _>(at), None);
        }
    }

    async fn the_same_text_bound_with_different_types_is_right_every_time(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let select = "SELECT $1 AS v";
        for _ in 0..2 {
            let row = sqlx::query(select).bind("text").fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<String, _>(0), "text");
            let row = sqlx::query(select).bind(7_i64).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), 7);
            let row = sqlx::query(select).bind(7_i32).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<i32, _>(0), 7);
            let row = sqlx::query(select).bind(0.1_f64).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<Option<f64>, _>(0), Some(0.1));
            let row = sqlx::query(select).bind(true).fetch_one(&pool).await.unwrap();
            match test.engine() {
                Engine::Postgres => assert!(row.get::<bool, _>(0)),
                // A boolean in an expression without a type is an integer.
                Engine::Sqlite => assert_eq!(row.get::<i64, _>(0), 1),
            }
            let row = sqlx::query(select).bind(vec![0_u8]).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<Vec<u8>, _>(0), [0]);
            let row = sqlx::query(select).bind(None::<i64>).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<Option<i64>, _>(0), None);
        }
    }

    /// transact-rs/sqlx#2885: this stored 4607182418800017408 and 3544952156018063160.
    async fn another_kind_bound_to_a_known_statement_is_not_stored_as_other_bits(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (v BIGINT);").await;
        let pool = pool(&test, 1).await;
        let insert = "INSERT INTO t VALUES ($1)";
        sqlx::query(insert).bind(1_i64).execute(&pool).await.unwrap();
        let float = sqlx::query(insert).bind(1.0_f64).execute(&pool).await;
        let text = sqlx::query(insert).bind("12345678").execute(&pool).await;
        for result in [float, text] {
            let error = refused(result);
            assert!(matches!(argument_error(&error), ArgumentError::WrongKind { parameter: 1, .. }));
        }
        let stored: Vec<i64> = sqlx::query_scalar("SELECT v FROM t ORDER BY v").fetch_all(&pool).await.unwrap();
        assert_eq!(stored, [1]);
    }

    async fn an_integer_out_of_range_is_an_error_where_it_would_be_stored(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (small SMALLINT, medium INTEGER, real8 DOUBLE PRECISION);").await;
        let pool = pool(&test, 1).await;
        for (column, value) in [("small", 32_768_i64), ("medium", -2_147_483_649)] {
            let insert = AssertSqlSafe(format!("INSERT INTO t ({column}) VALUES ($1)"));
            let error = refused(sqlx::query(insert).bind(value).execute(&pool).await);
            match test.engine() {
                Engine::Postgres => assert_eq!(code(&error), "22003", "{error}"),
                Engine::Sqlite => assert!(error.as_database_error().unwrap().is_check_violation(), "{error}"),
            }
            // A comparison with it is simply false.
            let select = AssertSqlSafe(format!("SELECT count(*) FROM t WHERE {column} = $1"));
            let found: i64 = sqlx::query_scalar(select).bind(value).fetch_one(&pool).await.unwrap();
            assert_eq!(found, 0);
        }
        sqlx::query("INSERT INTO t VALUES ($1, $2, $3)")
            .bind(-32_768_i64)
            .bind(2_147_483_647_i64)
            .bind(5_i64)
            .execute(&pool)
            .await
            .unwrap();
    }

    async fn a_refused_argument_is_never_shown(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (u UUID, at TIMESTAMPTZ, day DATE, n NUMERIC(20,8), truth BOOLEAN);").await;
        let pool = pool(&test, 1).await;
        for (column, bound) in [
            ("u", "hunter2"),
            ("at", "hunter2"),
            ("day", "2024-02-30"),
            ("n", "hunter2"),
            ("truth", "hunter2"),
        ] {
            let insert = AssertSqlSafe(format!("INSERT INTO t ({column}) VALUES ($1)"));
            let error = refused(sqlx::query(insert).bind(bound).execute(&pool).await);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(bound), "{shown}");
            argument_error(&error);
            assert!(shown.contains("$1"), "{shown}");
        }
        // The connection and a transaction go on.
        let mut transaction = pool.begin().await.unwrap();
        let insert = "INSERT INTO t (u) VALUES ($1)";
        refused(sqlx::query(insert).bind("no").execute(&mut *transaction).await);
        let insert = "INSERT INTO t (n) VALUES ($1)";
        sqlx::query(insert).bind(5_i64).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(text(&pool, "SELECT n FROM t").await, "5");
    }

    async fn a_number_that_a_float_column_would_round_is_refused(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (real8 DOUBLE PRECISION);").await;
        let pool = pool(&test, 1).await;
        let insert = "INSERT INTO t VALUES ($1)";
        let inexact = sqlx::query(insert).bind((1_i64 << 53) + 1);
        let error = refused(inexact.execute(&pool).await);
        assert!(matches!(argument_error(&error), ArgumentError::Inexact { parameter: 1, .. }), "{error}");
        sqlx::query(insert).bind((1_i64 << 53) + 2).execute(&pool).await.unwrap();
        let read: f64 = sqlx::query_scalar("SELECT real8 FROM t").fetch_one(&pool).await.unwrap();
        assert_eq!(read.to_bits(), 9_007_199_254_740_994_f64.to_bits());
    }

    async fn what_is_written_to_text_is_text(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('kept');").await;
        let pool = pool(&test, 1).await;
        for sql in [
            "INSERT INTO t VALUES ($1)",
            "UPDATE t SET a = $1",
            "INSERT INTO t VALUES (CAST($1 AS TEXT))",
        ] {
            let errors = [
                refused(sqlx::query(sql).bind(vec![0_u8, 255]).execute(&pool).await),
                refused(sqlx::query(sql).bind(true).execute(&pool).await),
                refused(sqlx::query(sql).bind(0.5_f64).execute(&pool).await),
            ];
            for error in errors {
                let wrong = matches!(argument_error(&error), ArgumentError::WrongKind { .. });
                assert!(wrong, "{error}");
            }
        }
        let float: f64 = sqlx::query_scalar("SELECT $1 FROM t")
            .bind(0.5_f64)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!((float - 0.5).abs() < f64::EPSILON);
    }

    async fn a_key_in_another_spelling_meets_its_row_or_breaks_its_constraint_by_name(test: TestDatabase) {
        migrate(
            &test,
            "CREATE TABLE parent (id UUID PRIMARY KEY);
             CREATE TABLE other (id UUID PRIMARY KEY);
             CREATE TABLE child (
                 parent UUID CONSTRAINT child_of_parent REFERENCES parent (id),
                 other UUID CONSTRAINT child_of_other REFERENCES other (id)
             );",
        )
        .await;
        let pool = pool(&test, 1).await;
        let (known, unknown) = ("01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8058");
        for table in ["parent", "other"] {
            let insert = AssertSqlSafe(format!("INSERT INTO {table} VALUES ($1)"));
            sqlx::query(insert).bind(known).execute(&pool).await.unwrap();
        }
        let insert = "INSERT INTO child VALUES ($1, $2)";
        let upper = known.to_uppercase();
        sqlx::query(insert).bind(&upper).bind(&upper).execute(&pool).await.unwrap();
        let broken = sqlx::query(insert).bind(&upper).bind(unknown);
        let error = refused(broken.execute(&pool).await);
        let violation = Violation::of(&error).unwrap();
        assert_eq!(violation.constraint.as_deref(), Some("child_of_other"), "{error}");
    }

    async fn what_like_compares_with_is_text(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('50 %');").await;
        let pool = pool(&test, 1).await;
        let select = "SELECT count(*) FROM t WHERE a LIKE $1";
        let found: i64 = sqlx::query_scalar(select).bind("5%").fetch_one(&pool).await.unwrap();
        assert_eq!(found, 1);
        for query in [sqlx::query(select).bind(5_i64), sqlx::query(select).bind(vec![53_u8])] {
            let error = refused(query.fetch_one(&pool).await);
            assert!(matches!(argument_error(&error), ArgumentError::WrongKind { .. }), "{error}");
        }
    }

    async fn an_argument_is_checked_in_each_row_of_many(test: TestDatabase) {
        migrate(&test, "CREATE TABLE t (id BIGINT, price NUMERIC(20,8), day DATE);").await;
        let pool = pool(&test, 1).await;
        let insert = |wrong: Option<usize>| {
            let mut insert = QueryBuilder::<Any>::new("INSERT INTO t (id, price, day) ");
            insert.push_values((0..300_i64).zip(0_usize..), |mut row, (id, at)| {
                let price = if wrong == Some(at) { "1,5" } else { "1.50" };
                row.push_bind(id).push_bind(price).push_bind("2024-02-29");
            });
            insert
        };
        insert(None).build().execute(&pool).await.unwrap();
        let error = refused(insert(Some(299)).build().execute(&pool).await);
        let expected = matches!(argument_error(&error), ArgumentError::Malformed { parameter: 899, .. });
        assert!(expected, "{error}");
        let stored: Vec<String> = sqlx::query_scalar("SELECT price FROM t").fetch_all(&pool).await.unwrap();
        assert_eq!(stored, vec!["1.5"; 300]);
    }

    async fn nan_infinity_and_nul_are_refused_by_their_place(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let error = refused(sqlx::query("SELECT $1").bind("a\0b").fetch_all(&pool).await);
        assert_eq!(argument_error(&error), &ArgumentError::Nul { parameter: 1 });
        for query in [
            sqlx::query("SELECT $1, $2").bind(1_i64).bind(f64::NAN),
            sqlx::query("SELECT $1, $2").bind(1_i64).bind(f64::INFINITY),
            sqlx::query("SELECT $1, $2").bind(1_i64).bind(f32::NAN),
        ] {
            let error = refused(query.fetch_all(&pool).await);
            assert_eq!(argument_error(&error), &ArgumentError::NotFinite { parameter: 2 });
        }
    }

    async fn too_few_and_too_many_arguments_are_errors(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        for (sql, arguments, parameters) in [
            ("SELECT CAST($1 AS BIGINT) + CAST($2 AS BIGINT)", 1, 2),
            ("SELECT CAST($1 AS BIGINT)", 0, 1),
            ("SELECT 1", 1, 0),
            ("SELECT $1, $2", 1, 2),
            ("SELECT $1 + $2", 3, 2),
            ("SELECT $1 IS NULL", 2, 1),
        ] {
            let query = || (0..arguments).fold(sqlx::query(sql), |query, _| query.bind(1_i64));
            let expected = ArgumentError::Count { parameters, arguments };
            for result in [
                query().fetch_one(&pool).await.map(drop),
                query().fetch_all(&pool).await.map(drop),
                query().execute(&pool).await.map(drop),
            ] {
                let error = refused(result);
                assert_eq!(argument_error(&error), &expected, "{sql}");
                let wanted = format!("SQL has {parameters} parameters, {arguments} values were given");
                assert!(error.to_string().ends_with(&wanted), "{error}");
            }
        }
    }
}

#[test]
fn a_number_that_a_real_column_would_round_is_refused_on_postgres() {
    // REAL is not portable.
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (real4 REAL)").await;
        let insert = "INSERT INTO t (real4) VALUES ($1)";
        for query in [
            sqlx::query(insert).bind((1_i64 << 24) + 1),
            sqlx::query(insert).bind(0.1_f64),
        ] {
            let error = refused(query.execute(&pool).await);
            let inexact = matches!(argument_error(&error), ArgumentError::Inexact { .. });
            assert!(inexact, "{error}");
        }
        sqlx::query(insert)
            .bind(0.1_f32)
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(count(&pool, "t").await, 1);
    });
}

#[test]
fn text_that_an_interval_does_not_take_is_refused_unseen() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (span INTERVAL)").await;
        let insert = sqlx::query("INSERT INTO t (span) VALUES ($1)").bind("hunter2");
        let error = refused(insert.execute(&pool).await);
        argument_error(&error);
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("$1") && !shown.contains("hunter2"),
            "{shown}"
        );
    });
}

#[test]
fn an_inexact_number_is_named_with_one_article() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        let real = sqlx::query("SELECT $1::real").bind(0.1_f64);
        let error = refused(real.fetch_one(&pool).await).to_string();
        assert!(error.contains("a float bound to $1"), "{error}");
        assert!(!error.contains("the a"), "{error}");
    });
}
