use sqlx::{
    Column as _, Connection as _, Either, Executor as _, SqlSafeStr as _, Statement as _, TypeInfo,
};
use twinbase::config::Engine;

use super::{pool, raw};

twinbase::on_both_engines! {
    async fn a_prepared_statement_tells_its_parameters_and_columns(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT, b BOOLEAN, c TEXT)").await;
        let mut connection = pool.acquire().await.unwrap();
        let sql = "SELECT a, b FROM t WHERE c > $1 AND a = $2".into_sql_str();
        let statement = (&mut *connection).prepare(sql).await.unwrap();
        match (test.engine(), statement.parameters()) {
            (Engine::Postgres, Some(Either::Left(types))) => {
                assert_eq!(types.iter().map(TypeInfo::name).collect::<Vec<_>>(), ["TEXT", "BIGINT"]);
            }
            // SQLite's parameters have no types.
            (Engine::Sqlite, parameters) => assert_eq!(parameters, Some(Either::Right(2))),
            (engine, parameters) => panic!("{engine:?}: {parameters:?}"),
        }
        let columns: Vec<_> = statement
            .columns()
            .iter()
            .map(|column| (column.name(), column.type_info().name()))
            .collect();
        assert_eq!(columns, [("a", "BIGINT"), ("b", "BOOLEAN")]);
        let query = statement.query().bind("x").bind(1_i64);
        assert!(query.fetch_all(&mut *connection).await.unwrap().is_empty());
        assert!(connection.cached_statements_size() > 0);
        connection.clear_cached_statements().await.unwrap();
        assert_eq!(connection.cached_statements_size(), 0);
    }
}
