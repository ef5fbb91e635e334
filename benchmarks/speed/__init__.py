"""What bench_speed.py measures, and with what."""
