"""Running notebooks once for both languages, and keeping what came out."""
