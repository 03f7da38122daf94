"""Holds an OpenAPI document against its specification, of the version that it names.

    validate_openapi.py [FILE]      without FILE the document is read from standard input

Prints each finding with its place in the document; exits with 1 if there is one.
"""

import json
import sys

from openapi_spec_validator.shortcuts import get_validator_cls
from openapi_spec_validator.validation.exceptions import ValidatorDetectError


def main() -> int:
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            text = file.read()
    else:
        text = sys.stdin.read()
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        print(f"not JSON: {error}")
        return 1

    try:
        validator = get_validator_cls(document)
    except ValidatorDetectError:
        print("not an OpenAPI document: it names no version of OpenAPI that is known here")
        return 1
    findings = list(validator(document).iter_errors())
    for finding in findings:
        place = "/".join(str(part) for part in finding.absolute_path) or "the document"
        print(f"{place}: {finding.message}")
    if not findings:
        print(f"valid: OpenAPI {document['openapi']}, {len(document['paths'])} paths")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
