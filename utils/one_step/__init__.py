"""Chapter 10: the recorded run of its networks, and two processes that train together."""
