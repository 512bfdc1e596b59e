"""Give files of random bytes to what reads files, guided by coverage."""
