"""What builds the site. ``make book`` is ``python -m book.build``.

========== ===================================================================
build      both languages, from sources to ``_build/html/``
watch      one language, shown in a browser while its author writes
run        notebooks and Sphinx are run here; what has not changed is kept
extension  what Sphinx loads: claims, figures, languages, Korean search, ...
export     chapter to notebook: set-up cell, folds, plain Markdown
finish     finished pages: light, findable, slides
chapters   what a chapter says about itself; repository: public addresses
timings    how long all this takes
========== ===================================================================

Imports point down this list of rooms only: build, watch -> extension, export, finish -> run;
chapters and repository stand below all of them.
"""

import sys

# jsonschema, which reading a notebook imports, compiles a grammar of addresses (RFC 3987): 1.4 s of
# every process, for a format that no notebook has. Where it is missing, jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)
