"""Which test proves which acceptance row. Rows stand in tests/acceptance/rows.txt; a test names its rows in a comment
"acceptance: 6, 17" right above it. The table in docs/acceptance.md is made from both (tools/acceptance.py)."""
import re
from collections import defaultdict

ROWS = "tests/acceptance/rows.txt"
TABLE = "docs/acceptance.md"
STATES = ("done", "replaced", "open")
MARK = re.compile(r"^\s*(?://|#)\s*acceptance:\s*(.*?)\s*$")
GTEST = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P)\(\s*(\w+),\s*(\w+)\s*\)")
# test('…'), it("…"), check(`…`): the title up to its own quote.
SCRIPT = re.compile(r"^\s*(?:test|it|check)\(\s*(['\"`])((?:\\.|(?!\1).)*)\1")
IS_TEST = re.compile(r"^tests/.*_test\.cpp$|^web/.*\.test\.tsx?$")


def read_rows(tree):
    """number -> (area, feature, state, remark); faults as (path, line, sentence)."""
    rows, faults = {}, []
    for number, line in tree.lines(ROWS):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 5 or not parts[0].isdigit() or parts[3] not in STATES:
            faults.append((ROWS, number, "not: number | area | feature | done, replaced or open | remark"))
            continue
        if int(parts[0]) in rows:
            faults.append((ROWS, number, f"row {parts[0]} stands twice"))
        if parts[3] != "done" and not parts[4]:
            faults.append((ROWS, number, f"row {parts[0]} is {parts[3]} without a remark"))
        rows[int(parts[0])] = tuple(parts[1:])
    return rows, faults


def read_marks(tree):
    """row -> [(path, test)]; faults."""
    marks, faults = defaultdict(list), []
    for path in tree.paths:
        if not IS_TEST.match(path):
            continue
        lines = tree.text(path).split("\n")
        for i, line in enumerate(lines):
            mark = MARK.match(line)
            if not mark:
                continue
            numbers = [n.strip() for n in mark.group(1).split(",")]
            below = lines[i + 1] if i + 1 < len(lines) else ""
            gtest, script = GTEST.match(below), SCRIPT.match(below)
            if not all(n.isdigit() for n in numbers) or not (gtest or script):
                faults.append((path, i + 1, "an acceptance mark has numbers, and its test in the next line"))
                continue
            name = f"{gtest.group(1)}.{gtest.group(2)}" if gtest else script.group(2).replace("\\", "")
            for n in numbers:
                marks[int(n)].append((path, name))
    return marks, faults


def table(rows, marks):
    out = ["# Acceptance", "",
           "The features of the solution that Upcall replaces, each with the tests that prove it. Made by `tools/acceptance.py` from",
           "`tests/acceptance/rows.txt` and the marks in the tests; a check keeps it true.", "",
           "| # | Area | Feature | State | Tests |", "| --- | --- | --- | --- | --- |"]
    for number in sorted(rows):
        area, feature, state, remark = rows[number]
        tests = "<br>".join(f"`{path.split('/', 1)[1]}`: {name.replace('|', '/')}" for path, name in marks.get(number, []))
        out.append(f"| {number} | {area} | {feature} | {state}{': ' + remark if remark else ''} | {tests} |")
    states = [state for _, _, state, _ in rows.values()]
    out += ["", ", ".join(f"{states.count(state)} {state}" for state in STATES) + ".", ""]
    return "\n".join(out)


def acceptance(tree):
    if ROWS not in tree.paths:
        return
    rows, faults = read_rows(tree)
    marks, more = read_marks(tree)
    yield from faults + more
    for number, tests in sorted(marks.items()):
        if number not in rows:
            yield tests[0][0], 0, f"there is no acceptance row {number}"
    for number, (_, _, state, _) in sorted(rows.items()):
        if state != "open" and not marks.get(number):
            yield ROWS, 0, f"row {number} is {state}, but no test is marked with it"
    if not faults and (TABLE not in tree.paths or tree.text(TABLE) != table(rows, marks)):
        yield TABLE, 0, "is not what rows and marks say: run tools/acceptance.py"
