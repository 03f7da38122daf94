"""Prints the share of the lines of src/ that tests reach, and fails when it is too small.

    line_coverage.py FILE.lcov PERCENT

Every file of src/ counts. Test modules inside src/ (`#[cfg(test)] mod … {`, files named tests.rs)
don't: they would count as lines that tests reach, and raise the figure without testing anything.
"""

import os
import re
import sys


def test_module_lines(path: str) -> set[int]:
    """The numbers of the lines of a file's `#[cfg(test)]` modules, by the indentation of rustfmt."""
    lines: set[int] = set()
    attribute = end = None
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, start=1):
            if end is not None:
                lines.add(number)
                if line.rstrip() == end:
                    end = None
            elif line.strip() == "#[cfg(test)]":
                attribute = number
            elif attribute is not None:
                # Other attributes may stand between; any other item ends the search.
                if opening := re.match(r"(\s*)(?:pub(?:\(\w+\))? )?mod \w+ \{$", line):
                    lines.update(range(attribute, number + 1))
                    end = opening[1] + "}"
                    attribute = None
                elif re.match(r"\s*(pub|fn|use|mod|impl|struct|enum|const|static|type|let|async|trait)\b", line):
                    attribute = None
    return lines


def read(report: str) -> dict[str, dict[int, int]]:
    """The count of each line of each file, from an lcov report."""
    files: dict[str, dict[int, int]] = {}
    counts: dict[int, int] = {}
    with open(report, encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.rstrip("\n").partition(":")
            if key == "SF":
                counts = files.setdefault(os.path.relpath(value), {})
            elif key == "DA":
                number, count = value.split(",")[:2]
                counts[int(number)] = max(counts.get(int(number), 0), int(count))
    return files


def main() -> int:
    report, least = sys.argv[1], float(sys.argv[2])
    rows = []
    for path, counts in read(report).items():
        if path.split(os.sep)[0] != "src" or os.path.basename(path) == "tests.rs":
            continue
        skipped = test_module_lines(path)
        missed = [number for number, count in sorted(counts.items()) if not count and number not in skipped]
        total = sum(number not in skipped for number in counts)
        if total:
            rows.append((1 - len(missed) / total, path, total, missed))

    total = sum(row[2] for row in rows)
    if not total:
        print(f"coverage: {report} has no line of src/")
        return 1
    reached = total - sum(len(row[3]) for row in rows)
    percent = 100 * reached / total

    for share, path, lines, missed in sorted(rows):
        if 100 * share < least:
            shown = " ".join(map(str, missed[:12])) + (" …" if len(missed) > 12 else "")
            print(f"{100 * share:5.1f} % of {lines:4} lines  {path}  missed: {shown}")
    print(f"coverage: {percent:.2f} % of the {total} lines of src/ ({reached} reached; at least {least:g} % wanted)")
    return 0 if percent >= least else 1


if __name__ == "__main__":
    sys.exit(main())
