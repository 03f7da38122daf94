use sqlx::Connection as _;
use twinbase::config::Engine;
use twinbase::testing::run;

#[test]
fn a_prepared_statement_costs_one_round_trip() {
    run(Engine::Postgres, |test| async move {
        twinbase::driver::install().unwrap();
        let (proxy, url) = test.through_proxy().await;
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        let statements = [
            "SELECT $1::int8",
            // Prepared with the type of the argument.
            "SELECT $1 + $1",
        ];
        for round in 0..10 {
            let before = proxy.round_trips();
            for sql in statements {
                sqlx::query(sql)
                    .bind(5_i64)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap();
            }
            if round > 0 {
                assert_eq!(proxy.round_trips() - before, 2);
            }
        }
        // In a transaction too, with BEGIN and COMMIT beside it.
        let before = proxy.round_trips();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query(statements[1])
            .bind(5_i64)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(proxy.round_trips() - before, 3);
        connection.close().await.unwrap();
    });
}
