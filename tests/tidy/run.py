#!/usr/bin/env python3
"""Checks the tree's own rules: run.py [--rule NAME] [--list]. Exit status 1 when something breaks one."""
import os
import sys

sys.dont_write_bytecode = True
import house  # noqa: E402
import rules  # noqa: E402


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(rule.__name__ for rule in rules.RULES))
        return 0
    chosen = rules.RULES
    if arguments[:1] == ["--rule"]:
        chosen = [rule for rule in rules.RULES if rule.__name__ == arguments[1]]
        if not chosen:
            print(f"no rule '{arguments[1]}'", file=sys.stderr)
            return 2
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    tree = rules.Tree(root)
    faults = 0
    for rule in chosen:
        for path, line, sentence in rule(tree):
            faults += 1
            print(f"{path}{':' + str(line) if line else ''}: [{rule.__name__}] {sentence}")
    if rules.file_size in chosen:
        for path in tree.sources():
            count = tree.text(path).count("\n")
            if house.FILE_LINES_WARN < count <= house.FILE_LINES_MAX:
                print(f"{path}: note: {count} lines, time to split")
    print(f"{len(chosen)} rules, {len(tree.paths)} files: {faults or 'no'} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
