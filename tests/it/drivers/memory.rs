use sqlx::{AnyPool, Executor as _};
use twinbase::driver::sqlite::{Location, MemoryDatabase, Options};
use twinbase::testing::run_alone;

use super::{count, pool_of, raw};

#[test]
fn a_memory_url_is_one_database_for_the_whole_pool_and_goes_with_it() {
    run_alone(async {
        let options = Options::new(Location::Memory(MemoryDatabase::new().unwrap()));
        let file = options.path();
        let pool = pool_of(&options.to_url(), 4).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        let mut writer = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        writer.execute("INSERT INTO t VALUES (1)").await.unwrap();
        assert_eq!(count(&pool, "t").await, 0);
        writer.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 1);
        assert!(file.exists());
        pool.close().await;
        assert!(file.exists(), "the options keep it");
        drop(options);
        assert!(!file.exists());
    });
}

#[test]
fn the_bare_memory_url_is_one_database_while_a_connection_is_open() {
    run_alone(async {
        twinbase::driver::install().unwrap();
        let url = "sqlite::memory:?twinbase_memory=bare-url-test";
        let (one, other) = (
            AnyPool::connect(url).await.unwrap(),
            AnyPool::connect(url).await.unwrap(),
        );
        raw(&one, "CREATE TABLE t (a BIGINT)").await;
        assert_eq!(count(&other, "t").await, 0);
        one.close().await;
        assert_eq!(count(&other, "t").await, 0);
        other.close().await;
        let again = AnyPool::connect(url).await.unwrap();
        raw(&again, "CREATE TABLE t (a BIGINT)").await;
    });
}
