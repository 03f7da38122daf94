"""Exercises a running service through its own OpenAPI document, with schemathesis.

    exercise_api.py BASE_URL        the document is read from BASE_URL/openapi.json

Every check is on: each answer must be one that the document describes, and each request that it
forbids must be refused. The same seed makes the same requests each time. Warnings are findings
too. Exits with another code than 0 if there is a finding, or nothing to exercise.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

SEED = "1"
# For each operation and phase: enough for every parameter's edges, done in seconds.
EXAMPLES = "50"
SECONDS = 120


def main() -> int:
    document = sys.argv[1].rstrip("/") + "/openapi.json"
    with urllib.request.urlopen(document, timeout=10) as answer:
        if not json.load(answer).get("paths"):
            print(f"{document} names no operation")
            return 1

    # schemathesis reads its settings where it runs, and leaves files there.
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "schemathesis.toml").write_text("[warnings]\nfail-on = true\n", encoding="utf-8")
        command = [
            sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--no-color", "run", document,
            "--checks", "all",
            "--phases", "examples,coverage,fuzzing,stateful",
            "--mode", "all",
            "--seed", SEED,
            "--max-examples", EXAMPLES,
            "--generation-database", "none",
            "--request-timeout", "10",
            "--continue-on-failure",
        ]  # fmt: skip
        environment = os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": directory}
        try:
            return subprocess.run(command, cwd=directory, env=environment, timeout=SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            print(f"schemathesis was not done within {SECONDS} s")
            return 1


if __name__ == "__main__":
    sys.exit(main())
