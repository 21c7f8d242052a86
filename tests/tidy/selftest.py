#!/usr/bin/env python3
"""Every rule finds the small bad input made for it, and leaves the good one beside it alone."""
import sys
import unittest

sys.dont_write_bytecode = True
import acceptance  # noqa: E402
import house  # noqa: E402
import rules  # noqa: E402


def found(rule, files):
    return [path for path, _, _ in rule(rules.Tree(files=files))]


ROW = "1 | Area | Feature | done |\n"
PROVEN = {acceptance.ROWS: ROW, "tests/a_test.cpp": "// acceptance: 1\nTEST(A, B) {}\n",
          acceptance.TABLE: acceptance.table({1: ("Area", "Feature", "done", "")}, {1: [("tests/a_test.cpp", "A.B")]})}

FAULTS = "".join(f"| {n} | x | `tests/a_test.cpp` `A.B` |\n" for n in range(1, 25))
A_TEST = {"tests/a_test.cpp": "TEST_F(A, B) {}\n"}

# rule -> (bad files, a good version of them)
CASES = {
    "faults_have_tests": [
        ({rules.FAULTS: FAULTS, "tests/a_test.cpp": "TEST_F(A, Other) {}\n"}, {rules.FAULTS: FAULTS, **A_TEST}),
        ({rules.FAULTS: FAULTS}, {rules.FAULTS: FAULTS, **A_TEST}),
        ({rules.FAULTS: FAULTS.replace("| 7 |", "| 8 |"), **A_TEST}, {rules.FAULTS: FAULTS, **A_TEST}),
        ({rules.FAULTS: FAULTS + "| x | `tests/t.py` `test_x` |\n", **A_TEST, "tests/t.py": "def test_y(self): pass\n"},
         {rules.FAULTS: FAULTS + "| x | `tests/t.py` `test_x` |\n", **A_TEST, "tests/t.py": "def test_x(self): pass\n"}),
    ],
    "include_direction": [
        ({"src/rtc/a.cpp": '#include "sfu/meeting.hpp"\n'}, {"src/rtc/a.cpp": '#include "crypto/hash.hpp"\n'}),
        ({"src/base/a.hpp": '#include "wire/http.hpp"\n'}, {"src/wire/a.hpp": '#include "base/bytes.hpp"\n'}),
        ({"src/sfu/a.cpp": '#include "io/udp/udp_socket.hpp"\n'}, {"src/io/a.cpp": '#include "sfu/worker.hpp"\n'}),
        ({"src/io/a.cpp": '#include "service/x.hpp"\n'}, {"src/service/a.cpp": '#include "io/x/x.hpp"\n'}),
        ({"src/garage/a.cpp": "\n"}, {"src/api/a.cpp": '#include "service/x.hpp"\n'}),
    ],
    "link_direction": [
        ({"src/rtc/a/CMakeLists.txt": "upcall_library(DEPS upcall_sfu)\n"},
         {"src/sfu/CMakeLists.txt": "upcall_library(DEPS upcall_rtc_srtp upcall_base)\n"}),
        ({"src/wire/CMakeLists.txt": "upcall_library(DEPS upcall_s3)\n"}, {"src/io/s3/CMakeLists.txt": "upcall_library(DEPS upcall_s3)\n"}),
    ],
    "openssl": [
        ({"src/journal/a.cpp": "#include <openssl/evp.h>\n"}, {"src/rtc/srtp/a.cpp": "#include <openssl/evp.h>\n"}),
    ],
    "gpl": [
        ({"src/io/media/a.cpp": "#include <libavcodec/avcodec.h>\n"}, {"src/io/film/a.cpp": "#include <x264.h>\n"}),
        ({"apps/upcall/CMakeLists.txt": "upcall_program(upcall DEPS upcall_io_film)\n"},
         {"apps/upcall-recorder/CMakeLists.txt": "upcall_program(upcall-recorder DEPS upcall_io_film)\n"}),
    ],
    "beast": [
        ({"src/api/a.cpp": "#include <boost/asio.hpp>\n"}, {"src/io/net/a.cpp": "#include <boost/asio.hpp>\n"}),
        ({"src/api/a.hpp": "#include <boost/json.hpp>\n"}, {"src/api/a.hpp": "#include <boost/json/value.hpp>\n"}),
        ({"src/contact/a.hpp": "#include <boost/json/value.hpp>\n"}, {"src/json/a.hpp": "#include <boost/json/value.hpp>\n"}),
    ],
    "cores_are_pure": [
        ({"src/sfu/a.cpp": "#include <mutex>\n"}, {"src/io/udp/a.cpp": "#include <mutex>\n"}),
        ({"src/sfu/a.cpp": "#include <sys/socket.h>\n"}, {"src/sfu/a.cpp": "#include <atomic>\n"}),
        ({"src/compose/a.cpp": "auto t = std::chrono::steady_clock::now();\n"}, {"src/compose/a.cpp": "// no steady_clock here\n"}),
        ({"src/identity/a.cpp": 'auto* p = getenv("X");\n'}, {"src/identity/a.cpp": 'say("getenv");\n'}),
        ({"src/rtc/a.cpp": "std::random_device d;\n"}, {"src/rtc/a.cpp": "RandomSource& r;\n"}),
    ],
    "exceptions": [
        ({"src/rtc/a.cpp": "  throw 1;\n"}, {"src/rtc/a.cpp": "  // never throw\n"}),
    ],
    "banned_calls": [
        ({"tests/a.cpp": "  strcpy(a, b);\n"}, {"tests/a.cpp": '  log("strcpy(");\n'}),
        ({"src/io/a.cpp": "  sprintf(a, b);\n"}, {"src/io/a.cpp": "  std::snprintf(a, n, b); vsnprintf(a);\n"}),
        ({"src/io/a.cpp": '  std::system("ls");\n'}, {"src/io/a.cpp": "  file_system(x); v.system(x);\n"}),
        ({"tests/a.cpp": "std::this_thread::sleep_for(x);\n"}, {"bench/a.cpp": "std::this_thread::sleep_for(x);\n"}),
    ],
    "file_size": [
        ({"src/base/a.cpp": "\n" * (house.FILE_LINES_MAX + 1)}, {"src/base/a.cpp": "\n" * house.FILE_LINES_MAX}),
    ],
    "left_overs": [
        ({"docs/a.md": "TO" "DO: write\n"}, {"docs/a.md": "upcall-XXXXXX\n"}),
        ({"src/base/a.cpp": "// FIX" "ME\n"}, {"src/base/a.cpp": "// fixed\n"}),
    ],
    "tabs": [({"src/base/a.cpp": "\tx;\n"}, {"Makefile": "\tx\n"})],
    "workplace": [
        ({"docs/a.md": "see /wo" "rk/shared\n"}, {"docs/a.md": "see src/net" "work/shared\n"}),
        ({"tools/a.sh": "curl https://regis" "try.npmjs.org/x\n"}, {"tools/a.sh": "npm install\n"}),
    ],
    "fuzz_targets": [
        ({"fuzz/a.cpp": "// A.\n// link: upcall_base\nint LLVMFuzzerTestOneInput();\n"},
         {"fuzz/a.cpp": "// A.\n// link: upcall_base\nint LLVMFuzzerTestOneInput();\n", "fuzz/corpus/a/1": "x"}),
        ({"fuzz/a.cpp": "int LLVMFuzzerTestOneInput();\n", "fuzz/corpus/a/1": "x"}, {}),
    ],
    "rooms_are_built": [
        ({"src/sfu/a.cpp": "\n"}, {"src/sfu/a.cpp": "\n", "src/sfu/CMakeLists.txt": "upcall_library()\n"}),
        ({"tests/unit/a/b.cpp": "TEST(A, B) {}\n", "tests/unit/a/CMakeLists.txt": "\n"},
         {"tests/unit/a/b_test.cpp": "TEST(A, B) {}\n", "tests/unit/a/CMakeLists.txt": "\n"}),
    ],
    "acceptance": [
        # Done without a test, a mark without its test, a row that is not there, a table that is old.
        ({acceptance.ROWS: ROW}, PROVEN),
        (PROVEN | {"tests/b_test.cpp": "// acceptance: 1\n\nTEST(B, C) {}\n"}, PROVEN),
        (PROVEN | {"tests/a_test.cpp": "// acceptance: 1, 2\nTEST(A, B) {}\n"}, {}),
        (PROVEN | {"web/x.test.ts": "// acceptance: 1\n  test('it does', () => {\n"}, {}),
    ],
    "headers": [
        ({"src/base/a.hpp": "#pragma once\n"}, {"src/base/a.hpp": "// What.\n#pragma once\n"}),
        ({"src/base/a.hpp": "// What.\n"}, {}),
    ],
}


class EveryRuleCanFail(unittest.TestCase):
    def test_bad_is_found_and_good_is_not(self):
        for rule in rules.RULES:
            if rule is rules.allow_lists:
                continue
            self.assertIn(rule.__name__, CASES, "a rule without a bad input")
            for bad, good in CASES[rule.__name__]:
                with self.subTest(rule=rule.__name__, bad=bad):
                    self.assertTrue(found(rule, bad), "not found")
                    self.assertFalse(found(rule, good), "found in the good version")

    def test_exceptions_that_nobody_needs_are_found(self):
        # In an empty tree none of them is needed.
        files = [path for path, _ in house.BANNED_CALLS_ALLOWED if not path.endswith("/")]
        exceptions = len(house.WORLD_HEADERS_ALLOWED) + len(house.WORLD_WORDS_ALLOWED) + len(files)
        self.assertEqual(len(found(rules.allow_lists, {})), exceptions)

    def test_the_plan_has_no_circle(self):
        for room, others in house.ROOMS.items():
            for other in others:
                self.assertNotIn(room, house.ROOMS[other], f"{room} and {other} include each other")

    def test_no_core_sees_the_outside(self):
        for room, others in house.CORES.items():
            self.assertFalse(set(others) & set(house.OUTSIDE), room)


if __name__ == "__main__":
    unittest.main()
