"""What builds the site. ``make book`` is ``python -m book.build``.

========== ===================================================================
build      both languages, from sources to ``_build/html/``
run        notebooks are run here, once for both languages
extension  what Sphinx loads: claims, figures, languages, Korean search, ...
export     chapter to notebook: set-up cell, folds, plain Markdown
finish     finished pages: light, findable, slides
chapters   what a chapter says about itself; repository: public addresses
timings    how long all this takes
========== ===================================================================

Imports point down this list of rooms only: build -> extension, export, finish -> run; chapters and
repository stand below all of them.
"""
