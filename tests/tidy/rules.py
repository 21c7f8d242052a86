"""Rules over the tree. A rule takes a Tree and yields (path, line or 0, sentence) for each fault."""
import os
import re

import house
from acceptance import acceptance

SOURCE = (".cpp", ".hpp", ".h", ".c")
TEXT = SOURCE + (".py", ".sh", ".cmake", ".txt", ".md", ".json", ".proto", ".sdp", ".yml", ".yaml", ".ts", ".tsx", ".mjs", ".css")
OTHER_SOURCE = (".py", ".sh", ".cmake", ".proto", ".ts", ".tsx", ".mjs", ".js", ".css", ".html")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    """Files by path relative to the root. Made from a folder, or from a dict in the rules' own test."""

    def __init__(self, root=None, files=None):
        self.root = root
        self.files = files
        if files is None:
            self.paths = sorted(self._walk(root))
        else:
            self.paths = sorted(files)

    @staticmethod
    def _walk(root):
        for folder, names, files in os.walk(root):
            relative = os.path.relpath(folder, root)
            names[:] = [n for n in names if n not in ("build", ".git", "node_modules", "__pycache__")]
            for name in files:
                yield os.path.normpath(os.path.join(relative, name))

    def text(self, path):
        if self.files is not None:
            return self.files[path]
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as f:
            return f.read()

    def lines(self, path):
        return enumerate(self.text(path).split("\n"), 1)

    def sources(self, *folders):
        return [p for p in self.paths if p.endswith(SOURCE) and (not folders or p.startswith(tuple(f + "/" for f in folders)))]

    def all_text(self):
        return [p for p in self.paths
                if (p.endswith(TEXT) or os.path.basename(p) in ("Makefile", "run", "NOTICE"))
                and not p.startswith("fuzz/corpus/")]


def room_of(path):
    """"src/rtc/srtp/session.cpp" -> ("rtc", "rtc/srtp")."""
    folder = os.path.dirname(path)[len("src/"):]
    return folder.split("/")[0], folder


def code(line):
    """The line without a // comment and without the contents of string literals."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    return line.split("//", 1)[0]


def includes(tree, path):
    for number, line in tree.lines(path):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1) == "<", found.group(2)


def within(folder, rooms):
    return any(folder == room or folder.startswith(room + "/") for room in rooms)


def include_direction(tree):
    for path in tree.sources("src"):
        room, _ = room_of(path)
        if room not in house.ROOMS:
            yield path, 0, f"room '{room}' is not in the plan (tests/tidy/house.py)"
            continue
        for number, system, name in includes(tree, path):
            if system or "/" not in name:
                continue
            other = name.split("/")[0]
            if other != room and other not in house.ROOMS[room]:
                yield path, number, f"'{room}' may not include '{name}'"


def link_direction(tree):
    """The same arrows for targets: a room that links what it may not include would still compile."""
    for path in tree.paths:
        if not path.startswith("src/") or not path.endswith("/CMakeLists.txt"):
            continue
        room, _ = room_of(path)
        if room not in house.ROOMS:
            continue
        for number, line in tree.lines(path):
            for target in re.findall(r"\bupcall_([a-z0-9]+)[a-z0-9_]*", line.split("#", 1)[0]):
                if target in house.ROOMS and target != room and target not in house.ROOMS[room]:
                    yield path, number, f"'{room}' may not link 'upcall_{target}…'"


def openssl(tree):
    for path in tree.sources("src", "apps"):
        if path.startswith("src/") and within(room_of(path)[1], house.OPENSSL_ROOMS):
            continue
        for number, _, name in includes(tree, path):
            if name.startswith("openssl/"):
                yield path, number, "OpenSSL only in " + ", ".join(house.OPENSSL_ROOMS)


def gpl(tree):
    for path in tree.sources("src", "apps"):
        if path.startswith("src/") and room_of(path)[1] == house.GPL_ROOM:
            continue
        for number, _, name in includes(tree, path):
            if name.startswith(house.GPL_HEADERS):
                yield path, number, f"GPL library outside {house.GPL_ROOM}"
    for path in tree.paths:
        if not path.endswith("CMakeLists.txt") or path.startswith(("apps/upcall-recorder/", "tests/", "bench/", "src/io/film/")):
            continue
        for number, line in tree.lines(path):
            if re.search(r"\bupcall_io_film\b|\b(?:x264|libav\w+|libsw\w+)\b", line.split("#", 1)[0]):
                yield path, number, "only upcall-recorder, tests and benchmarks link GPL libraries"


def beast(tree):
    for path in tree.sources("src", "apps"):
        inside = path.startswith("src/") and within(room_of(path)[1], house.BEAST_ROOMS)
        for number, _, name in includes(tree, path):
            if name.startswith(("boost/beast", "boost/asio")) and not inside:
                yield path, number, "Beast and Asio only in " + ", ".join(house.BEAST_ROOMS)
            if path.startswith("src/") and path.endswith(".hpp"):
                if name == "boost/json.hpp":
                    yield path, number, "headers include single Boost.JSON types, not all of it"
                elif name.startswith("boost/json") and room_of(path)[0] in house.CORES and room_of(path)[0] != "json":
                    yield path, number, "no Boost.JSON in a core's header"


def cores_are_pure(tree):
    words = [re.compile(w) for w in house.WORLD_WORDS]
    for path in tree.sources("src"):
        if room_of(path)[0] not in house.CORES:
            continue
        for number, system, name in includes(tree, path):
            if system and any(name == h or (h.endswith("/") and name.startswith(h)) for h in house.WORLD_HEADERS):
                if (path, name) not in house.WORLD_HEADERS_ALLOWED:
                    yield path, number, f"a core may not include <{name}>"
        for number, line in tree.lines(path):
            if INCLUDE.match(line):
                continue
            for word in words:
                found = word.search(code(line))
                if found and (path, found.group(0)) not in house.WORLD_WORDS_ALLOWED:
                    yield path, number, f"a core may not use {found.group(0)} (inject it)"


def exceptions(tree):
    for path in tree.sources("src"):
        if room_of(path)[0] not in house.CORES:
            continue
        for number, line in tree.lines(path):
            if re.search(r"(?<!\w)throw\b", code(line)):
                yield path, number, "no exceptions in cores"


def is_allowed(path, name):
    folders = [folder for folder, allowed in house.BANNED_CALLS_ALLOWED if folder.endswith("/") and allowed == name]
    return (path, name) in house.BANNED_CALLS_ALLOWED or path.startswith(tuple(folders))


def banned_calls(tree):
    calls = {name: re.compile(pattern) for name, pattern in house.BANNED_CALLS.items()}
    for path in tree.sources():
        for number, line in tree.lines(path):
            text = code(line)
            for name, pattern in calls.items():
                if pattern.search(text) and not is_allowed(path, name):
                    yield path, number, f"banned call: {name}"


def file_size(tree):
    for path in tree.sources() + [p for p in tree.paths if p.endswith(OTHER_SOURCE)]:
        count = tree.text(path).count("\n")
        if count > house.FILE_LINES_MAX:
            yield path, 0, f"{count} lines, the limit is {house.FILE_LINES_MAX}"


def left_overs(tree):
    # In pieces, so that this file does not find itself.
    word = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
    for path in tree.all_text():
        for number, line in tree.lines(path):
            if word.search(line):
                yield path, number, "finish it or file an issue"


def tabs(tree):
    for path in tree.all_text():
        if os.path.basename(path) == "Makefile":
            continue
        for number, line in tree.lines(path):
            if "\t" in line:
                yield path, number, "a tab"


def workplace(tree):
    """Nothing in the tree depends on where it was written: no absolute home of a checkout, no registry hosts."""
    word = re.compile(r"(?<![\w.])/wo" r"rk/|(?<![\w.])/ho" r"me/\w|/bri" r"efs/|regis" r"try\.npm|registry\.yar" r"n"
                      r"|deb\.deb" r"ian|security\.deb" r"ian|pypi\.or" r"g|proxy\.gol" r"ang")
    for path in tree.all_text():
        if path.endswith("package-lock.json"):
            continue
        for number, line in tree.lines(path):
            if word.search(line):
                yield path, number, "names a workplace or a registry host"


def fuzz_targets(tree):
    for path in tree.paths:
        if not re.fullmatch(r"fuzz/[^/]+\.cpp", path):
            continue
        name = os.path.basename(path)[:-4]
        if not any(p.startswith(f"fuzz/corpus/{name}/") for p in tree.paths):
            yield path, 0, f"no corpus in fuzz/corpus/{name}"
        if not re.search(r"^// link: upcall_", tree.text(path), re.M):
            yield path, 0, "no '// link: upcall_…' line"
        if "LLVMFuzzerTestOneInput" not in tree.text(path):
            yield path, 0, "defines no LLVMFuzzerTestOneInput"


def rooms_are_built(tree):
    """A folder with sources that nobody builds rots in silence; so does a test file that is not called *_test.cpp."""
    known = set(tree.paths)
    for path in tree.sources("src", "apps", "tests", "sim", "bench"):
        if not path.endswith(".cpp") or path.startswith("tests/support/"):
            continue
        if f"{os.path.dirname(path)}/CMakeLists.txt" not in known:
            yield path, 0, "its folder has no CMakeLists.txt"
        if path.startswith("tests/") and re.search(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(", tree.text(path), re.M) and not path.endswith("_test.cpp"):
            yield path, 0, "has tests but is not called *_test.cpp"


def headers(tree):
    for path in tree.sources("src", "sim"):
        if path.endswith(".hpp"):
            text = tree.text(path)
            if not text.startswith("//"):
                yield path, 1, "a header begins with a comment that says what it is for"
            if "#pragma once" not in text:
                yield path, 0, "no #pragma once"


def allow_lists(tree):
    """An exception that nobody needs any more is a hole."""
    for table in (house.WORLD_HEADERS_ALLOWED, house.WORLD_WORDS_ALLOWED):
        for (path, word), _ in table.items():
            if path not in tree.paths or word not in tree.text(path):
                yield path, 0, f"the exception for '{word}' in tests/tidy/house.py is not needed"
    for (path, name), _ in house.BANNED_CALLS_ALLOWED.items():
        if path.endswith("/"):
            continue
        if path not in tree.paths or not any(re.search(house.BANNED_CALLS[name], code(line)) for _, line in tree.lines(path)):
            yield path, 0, f"the exception for '{name}' in tests/tidy/house.py is not needed"


FAULTS = "docs/faults.md"


def faults_have_tests(tree):
    """Whoever renames or removes a test that a row relies on is told; each of the 24 published faults has its row."""
    if FAULTS not in tree.paths:
        return
    known = set(tree.paths)
    for number, line in tree.lines(FAULTS):
        if not line.startswith("|"):
            continue
        path = None
        for word in re.findall(r"`([^`]+)`", line):
            if "/" in word:
                path = word if word in known else None
                if path is None:
                    yield FAULTS, number, f"there is no {word}"
            elif path and re.fullmatch(r"[A-Za-z0-9]+\.[A-Za-z0-9]+", word):
                suite, name = word.split(".")
                if not re.search(rf"\bTEST(?:_F|_P)?\({suite}, {name}\)", tree.text(path)):
                    yield FAULTS, number, f"{path} has no test {word}"
            elif path and word.startswith("test_") and f"def {word}(" not in tree.text(path):
                yield FAULTS, number, f"{path} has no {word}"
    rows = [int(n) for n in re.findall(r"^\| (\d+) \|", tree.text(FAULTS), re.M)]
    if rows != list(range(1, 25)):
        yield FAULTS, 0, "the published faults are not numbered 1 to 24"


RULES = [include_direction, link_direction, openssl, gpl, beast, cores_are_pure, exceptions, banned_calls, file_size,
         left_overs, tabs, workplace, fuzz_targets, rooms_are_built, headers, acceptance, faults_have_tests, allow_lists]
