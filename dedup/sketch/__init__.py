"""The numeric core: arrays in, arrays out; knows nothing of strings or stores."""
