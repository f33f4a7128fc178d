"""What a run runs on: devices, caches of compiled programs and models, other processes."""
