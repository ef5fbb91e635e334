"""Where articles are kept; one module an engine, all behind `dedup.store.base`."""
