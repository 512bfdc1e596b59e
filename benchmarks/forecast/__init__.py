"""Fit the forecasts of arms to recorded results, and measure how good they are."""
