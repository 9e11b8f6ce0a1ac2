#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes the C code that a page of the documentation shows, in order, for a program to include:
#
#   extract.py PAGE.md OUT.inc
import re
import sys

page, out = sys.argv[1:]
text = open(page, encoding="utf-8").read()
blocks = re.finditer(r"^```c\n(.*?)^```", text, flags=re.M | re.S)
with open(out, "w", encoding="utf-8") as code:
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 2
        code.write(f'#line {line} "{page}"\n{block[1]}')
