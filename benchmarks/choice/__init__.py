"""Do the scores choose the right source? Their rankings against what training showed."""
