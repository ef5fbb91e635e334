"""Strings in, repaired and normalized text out; knows nothing of sketches or stores."""
