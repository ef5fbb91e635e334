"""The two shells around the library: HTTP and the command line."""
