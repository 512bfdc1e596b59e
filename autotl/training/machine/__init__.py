"""Use the machine: devices, memory, threads and processes."""
