"""Files and tables whose form depends on the kind of target."""
