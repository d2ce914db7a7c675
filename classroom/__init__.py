"""Assignments: from one MyST source to a student's notebook, a key and grades.

``python -m classroom 03 --lang en`` builds the notebooks of a chapter with nbgrader, and
``python -m classroom grade FOLDER`` grades submissions, each in a sandbox.
"""
