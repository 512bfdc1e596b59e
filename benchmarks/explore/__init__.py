"""Compare the clusters of ``autotl explore`` with known classes."""
