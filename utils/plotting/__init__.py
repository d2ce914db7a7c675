"""Figures in one style: each function takes ``ax=None`` and returns ``(fig, ax)``.

Labels are maths or English, so that both languages of the course share one picture. Nothing here
touches ``rcParams``: sizes and colours are set on the artists.
"""

from utils.plotting.bells import bells
from utils.plotting.curves import lines, loss_curve
from utils.plotting.pictures import image_grid
from utils.plotting.plane import film_strip, scatter, trajectories, vector_field
from utils.plotting.story import mean_arrow, pairings, two_questions
from utils.plotting.style import COLORS, FONT_SIZE, LINE_COLORS, new_figure

__all__ = [
    "COLORS",
    "FONT_SIZE",
    "LINE_COLORS",
    "bells",
    "film_strip",
    "image_grid",
    "lines",
    "loss_curve",
    "mean_arrow",
    "new_figure",
    "pairings",
    "scatter",
    "trajectories",
    "two_questions",
    "vector_field",
]
