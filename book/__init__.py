"""What builds the site: the Sphinx extension, the build of both languages, the notebooks."""
