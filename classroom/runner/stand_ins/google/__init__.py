"""Stands in for the package of which google.colab is a part."""
