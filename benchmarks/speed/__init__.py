"""Measure the speed of autotl as ratios within one run; see README.md."""
