#!/usr/bin/env python3
"""Makes docs/acceptance.md: which test proves which acceptance row."""
import os
import sys

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(root, "tests", "tidy"))
import acceptance  # noqa: E402
import rules  # noqa: E402

tree = rules.Tree(root)
rows, _ = acceptance.read_rows(tree)
marks, _ = acceptance.read_marks(tree)
with open(os.path.join(root, acceptance.TABLE), "w", encoding="utf-8") as out:
    out.write(acceptance.table(rows, marks))
