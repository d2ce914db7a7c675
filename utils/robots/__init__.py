"""Robots in the plane (chapter 9): ``planar`` tasks, ``policies`` that act, ``control`` loops."""
