"""Stands in for Colab's own module: no drive is mounted, no file is asked for."""

from ipywidgets import Nothing

drive = files = output = userdata = auth = Nothing()
