"""Exercises a running service through its own OpenAPI document, with schemathesis.

    exercise_api.py BASE_URL        the document is read from BASE_URL/openapi.json

Every check is on: each answer must be one that the document describes, and each request that it
forbids must be refused. The same seed makes the same requests each time. Exits with 1 if there is
a finding.
"""

import os
import subprocess
import sys
import tempfile

SEED = "1"
# For each operation and phase: enough for every parameter's edges, done in seconds.
EXAMPLES = "50"
SECONDS = 120


def main() -> int:
    base = sys.argv[1].rstrip("/")
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json",
        "--checks", "all",
        "--phases", "examples,coverage,fuzzing,stateful",
        "--mode", "all",
        "--seed", SEED,
        "--generation-deterministic",
        "--max-examples", EXAMPLES,
        "--request-timeout", "10",
        "--continue-on-failure",
        "--no-color",
    ]  # fmt: skip
    # It leaves files where it runs, and reads its settings there.
    with tempfile.TemporaryDirectory() as directory:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SCHEMATHESIS_")}
        environment |= {"HYPOTHESIS_STORAGE_DIRECTORY": directory, "PYTHONWARNINGS": "ignore"}
        run = subprocess.run(command, cwd=directory, env=environment, timeout=SECONDS, check=False)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
