"""Accessibility and speed of the built site, measured in Chromium."""
