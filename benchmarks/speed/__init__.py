"""How fast autotl trains, as ratios measured within one run; see README.md."""
