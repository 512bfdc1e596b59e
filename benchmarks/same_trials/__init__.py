"""Compare the runs of two checkouts of autotl."""
