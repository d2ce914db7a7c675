"""Models, samplers and exact fields for the course "Flow Matching vs Diffusion".

Time runs from noise (t = 0) to data (t = 1); ``x_0`` is noise and ``x_1`` is data, always.
"""

__version__ = "0.1.0"
