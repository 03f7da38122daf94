use twinbase::testing::TestApplication;

use crate::document::{assert_succeeds, tool};

twinbase::on_both_engines! {
    async fn try_it_out_on_ready_shows_the_agreed_json(database: TestDatabase) {
        let application = TestApplication::start(database.config()).await;
        application.until_ready_answers(200).await;
        let picture = format!("target/swagger-ui-{}.png", database.engine());
        let mut command = tool("swagger_ui.py");
        command.arg(format!("http://{}", application.address())).arg(picture);
        assert_succeeds(command).await;
        application.stop().await;
    }
}
