"""Tables, figures and profiles of a result, as notebooks show them."""
