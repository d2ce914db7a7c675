"""What happens to finished pages: made light, found by search engines, turned into slides."""
