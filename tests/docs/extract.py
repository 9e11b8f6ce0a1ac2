#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C code that a page of the documentation shows, in order, for a program to include.

    extract.py PAGE.md OUT.inc [--see]

With --see the code is the body of a function that builds one topology; behind each block stands what
the test is to see of it: SEE_STREAM(handle), SEE_TABLE(handle), SEE_TOPIC("topic") and
SEE_STORE("store"). It is an error if there is nothing to see of a block, and if a page has no code.
"""
import re
import sys

SEEN = [
    (r"^weir_stream (\w+) =", "SEE_STREAM"),
    (r"^weir_table (\w+) =", "SEE_TABLE"),
    (r"^weir_to\(.*, (\"[^\"]+\"), \w+\);", "SEE_TOPIC"),
    (r"^weir_add_store\(b, (\"[^\"]+\"),", "SEE_STORE"),
]


def main():
    page, out, *see = sys.argv[1:]
    text = open(page, encoding="utf-8").read()
    blocks = list(re.finditer(r"^```c\n(.*?)^```", text, flags=re.M | re.S))
    if not blocks:
        sys.exit(f"{page}: no code")
    code = ""
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 2
        seen = [f"{macro}({name});\n" for pattern, macro in SEEN
                for name in re.findall(pattern, block[1], flags=re.M)]
        if see and not seen:
            sys.exit(f"{page}:{line}: no stream, table, topic or store that a test could see")
        code += f'#line {line} "{page}"\n{block[1]}' + "".join(seen if see else [])
    with open(out, "w", encoding="utf-8") as file:
        file.write(code)


main()
