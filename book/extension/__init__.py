"""What Sphinx loads while it writes the pages; ``course`` is its entry."""
