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

#[test]
fn a_pool_that_uses_a_connection_again_at_once_does_not_ask_the_server_for_it() {
    run(Engine::Postgres, |test| async move {
        twinbase::driver::install().unwrap();
        let (proxy, url) = test.through_proxy().await;
        let options = sqlx::any::AnyPoolOptions::new().max_connections(1);
        let pool = options.connect(&url).await.unwrap();
        let mut fewest = u64::MAX;
        for _ in 0..20 {
            let before = proxy.round_trips();
            for _ in 0..3 {
                let select = sqlx::query("SELECT $1::int8").bind(5_i64);
                select.fetch_one(&pool).await.unwrap();
            }
            fewest = fewest.min(proxy.round_trips() - before);
        }
        // The statements alone, without a ping when it comes back or before each use.
        assert_eq!(fewest, 3);
        pool.close().await;
    });
}

#[test]
fn a_ping_asks_the_server_unless_it_has_answered_just_before() {
    run(Engine::Postgres, |test| async move {
        twinbase::driver::install().unwrap();
        let (proxy, url) = test.through_proxy().await;
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        let (mut ping_counts, mut statement_counts) = (false, false);
        for round in 0..20 {
            sqlx::query("SELECT 1")
                .execute(&mut connection)
                .await
                .unwrap();
            if round % 2 == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(11)).await;
            }
            let before = proxy.round_trips();
            connection.ping().await.unwrap();
            let first = proxy.round_trips() - before;
            // Its own answer counts as well.
            connection.ping().await.unwrap();
            let both = proxy.round_trips() - before;
            if round % 2 == 0 {
                assert_eq!(first, 1);
                ping_counts |= both == 1;
            } else {
                statement_counts |= both == 0;
            }
        }
        // Not each time, on a machine that is busy.
        assert!(ping_counts && statement_counts);
        // An error tells nothing of the connection, and neither does a statement that was dropped.
        sqlx::query("SELECT 1")
            .execute(&mut connection)
            .await
            .unwrap();
        let wrong = sqlx::query("SELECT 1 / $1")
            .bind(0_i64)
            .execute(&mut connection);
        wrong.await.unwrap_err();
        let before = proxy.round_trips();
        connection.ping().await.unwrap();
        assert_eq!(proxy.round_trips() - before, 1);
        connection.close().await.unwrap();
    });
}
