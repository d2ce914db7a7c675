"""Models, samplers and exact fields for the course "Flow Matching vs Diffusion".

Time runs from noise (t = 0) to data (t = 1); ``x_0`` is noise and ``x_1`` is data, always.

What all public functions share and no docstring repeats: an argument of the wrong type raises
TypeError; a wrong shape, a value out of range, a batch that is empty or not finite raises
ValueError; each message names the argument and what was given. Docstrings say what is particular.

The flat floor is what the chapters teach, each file one idea and imports pointing down this list:

=================== ==========================================================
tensors             shapes and checks that all others share
schedulers, paths   alpha_t and sigma_t; how noise and data are mixed
posterior, mixtures distributions whose velocity, score and density are exact
assignment          the best pairing of two sets of points
couplings           who is paired with whom
models, unet        networks for points and for images; simple_unet fits a page
losses, training    what is minimised, and the loop that does it
samplers, guidance  from noise to data; towards a class
metrics, claims     how far off a result is, and what may be said of it
datasets, plotting  what is learned, and how it is shown (plotting has rooms of its own)
=================== ==========================================================

Behind doors: ``robots`` (chapter 9), ``pusht`` and ``cifar10`` (full-scale runs), ``lab`` (the
laboratory in the page), ``checks`` (of answers).
"""

__version__ = "0.1.0"
