use super::{load_both, load_file, load_variables};
use crate::config::{keys, show_json, show_toml};

#[test]
fn what_show_prints_loads_again_as_the_same_configuration() {
    let loaded = load_both(
        "[database]\nurl = \"sqlite://x.db\"\nrecycle = 5400",
        &[
            ("DATABASE_APPLICATION_NAME", "say \"hi\" # \\"),
            ("TWINBASE_LOG__FORMAT", "json"),
        ],
    );
    let loaded = loaded.unwrap();
    let toml = show_toml(&loaded);
    assert_eq!(load_file(&toml).unwrap().config, loaded.config, "{toml}");
    assert!(toml.contains("pool_size = 20 "), "{toml}");
    assert!(
        toml.contains("# default\n") && toml.contains("# TWINBASE_LOG__FORMAT\n"),
        "{toml}"
    );
    assert!(
        toml.contains("recycle = \"1h30m\"") && toml.contains("twinbase.toml, line 3\n"),
        "{toml}"
    );
}

#[test]
fn show_json_has_value_and_source_of_every_key() {
    let json = show_json(&load_variables(&[("DATABASE_PRE_PING", "no")]).unwrap());
    assert_eq!(
        json["database"]["pool_size"],
        serde_json::json!({"value": 20, "source": "default"})
    );
    assert_eq!(
        json["database"]["pre_ping"],
        serde_json::json!({"value": false, "source": "DATABASE_PRE_PING"})
    );
    assert_eq!(json["database"]["url"]["value"], "sqlite:twinbase.db");
    let count: usize = json
        .as_object()
        .unwrap()
        .values()
        .map(|keys| keys.as_object().unwrap().len())
        .sum();
    assert_eq!(count, keys().len());
}
