"""When does transfer pay? Its gain by the number of images and by their likeness to the source."""
