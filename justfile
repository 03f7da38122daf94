# The pinned subcommands of cargo that scripts/tools gets go before any others.
export PATH := justfile_directory() / "target/tools/bin" + ":" + env("PATH")

just := just_executable() + " --justfile '" + justfile() + "'"

# A build directory of its own for coverage. cargo-llvm-cov removes the crate's own programs from it
# before each run and leaves the dependencies, which are built without instruments: so in `verify`
# whatever needs a full build before the tests uses it too, and dependencies are compiled once.
coverage_dir := env("CARGO_TARGET_DIR", justfile_directory() / "target") / "llvm-cov-target"

# list the recipes
default:
    @{{just}} --list --unsorted

# everything a change must pass: what fails fastest first, each test once (under coverage)
verify:
    #!/bin/sh
    set -eu
    begun=$(date +%s)
    for step in fmt-check tools deps licences lint doc openapi-check lint-migrations parity doc-test coverage; do
        echo "==> $step"
        started=$(date +%s)
        # These share the dependencies that coverage needs: see coverage_dir.
        target=${CARGO_TARGET_DIR:-target}
        case $step in doc-test | openapi-check | lint-migrations | parity) target={{quote(coverage_dir)}} ;; esac
        if ! CARGO_TARGET_DIR=$target {{just}} "$step"; then
            echo "==> $step failed after $(($(date +%s) - started)) s; mend it, then try it alone: just $step"
            exit 1
        fi
        echo "==> $step passed in $(($(date +%s) - started)) s"
    done
    echo "==> verify passed in $(($(date +%s) - begun)) s"

# get what the tests and checks need into target/tools
tools *parts:
    @./scripts/tools {{parts}}

# format the code
fmt:
    cargo fmt

# fail where `just fmt` would change something
fmt-check:
    cargo fmt --check

# clippy without a warning, with each set of features
lint:
    cargo clippy --locked --all-targets --features testing -- -D warnings
    cargo clippy --locked -- -D warnings
    cargo clippy --locked --features macros -- -D warnings

# every test on SQLite and on PostgreSQL, and the doc tests; arguments go to cargo test
test *arguments:
    cargo test --features testing {{arguments}}

# the examples in the documentation, which stable Rust can't run under coverage
doc-test:
    cargo test --locked --features testing --doc

# the documentation, without a warning
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --locked --features testing --no-deps

# write openapi/openapi.json anew from the program
openapi: (openapi-to "target/openapi.json")
    mkdir -p openapi
    cp target/openapi.json openapi/openapi.json

# fail if openapi/openapi.json is not what the program would write
openapi-check: (openapi-to "target/openapi.json")
    @cmp -s openapi/openapi.json target/openapi.json || { diff -u openapi/openapi.json target/openapi.json | head -n 40; echo 'openapi/openapi.json is stale; write it anew with: just openapi'; exit 1; }

# With the harness, so that `verify` builds one program for this, the lint and parity.
[private]
openapi-to file:
    @mkdir -p '{{parent_directory(file)}}'
    cargo run --locked --features testing -- openapi > '{{file}}'
    @test -s '{{file}}' || { echo '`twinbase openapi` printed nothing'; exit 1; }

# what migrate lint finds in the program's and the example's migrations
lint-migrations:
    cargo run --locked --features testing -- migrate lint --dir migrations
    cargo run --locked --features testing -- migrate lint --dir examples/orders/migrations

# both engines have the same schema after every version of the program's and the example's migrations
parity: (tools "postgres")
    cargo run --locked --features testing -- migrate parity --dir migrations
    cargo run --locked --features testing -- migrate parity --dir examples/orders/migrations

# unused and misplaced dependencies
deps: (tools "cargo")
    cargo shear --locked

# licences, banned crates and sources of dependencies, against deny.toml
licences: (tools "cargo")
    cargo deny --features testing --locked check licenses bans sources

# every test under coverage; fails below 90 % of the lines of src/, test modules not counted
coverage: tools
    . target/tools/llvm.env && cargo llvm-cov --locked --features testing --lcov --output-path target/coverage.lcov
    target/tools/venv/bin/python tests/tools/line_coverage.py target/coverage.lcov 90

# what the drivers and the lanes cost against their peers, in a release build; arguments choose among the subjects
bench *arguments:
    ./scripts/venv
    target/tools/venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore -r benches/requirements.txt
    cargo bench --locked --features testing --bench drivers --bench lanes -- {{arguments}}
