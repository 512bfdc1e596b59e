"""What autotl brings itself, one plugin per file, found through entry points like any other."""
