use twinbase::testing::TestApplication;

const READY: &str = r#"{"ready":true,"dependencies":{"db":"connected","redis":"unknown"}}"#;

twinbase::on_both_engines! {
    async fn ready_answers_exactly_the_agreed_json(database: TestDatabase) {
        let application = TestApplication::start(database.config()).await;
        let answer = application.until_ready_answers(200).await;
        assert_eq!(answer.body, READY);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("retry-after"), None);
        application.stop().await;
    }

    async fn live_answers_without_a_look_at_the_database(database: TestDatabase) {
        let application = TestApplication::start(database.config()).await;
        let answer = application.send("GET /api/v1/live").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"live":true}"#));
        application.stop().await;
    }

    async fn a_busy_pool_is_not_a_dead_database(database: TestDatabase) {
        let mut config = database.config();
        (config.pool_size, config.max_overflow) = (1, 0);
        let application = TestApplication::start(config).await;
        application.until_ready_answers(200).await;
        let held = application.database().pool().acquire().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(application.send("GET /api/v1/ready").await.body, READY);
        drop(held);
        application.stop().await;
    }

    async fn metrics_tell_what_readiness_tells(database: TestDatabase) {
        let application = TestApplication::start(database.config()).await;
        application.until_ready_answers(200).await;
        let metrics = application.send("GET /metrics").await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.body.contains("twinbase_dependency_up{dependency=\"db\"}"), "{}", metrics.body);
        assert!(metrics.body.contains("twinbase_http_request_seconds_bucket"), "{}", metrics.body);
        application.stop().await;
    }
}
