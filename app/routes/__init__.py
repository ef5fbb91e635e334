"""HTTP routes: parse, call the library, shape the answer."""
