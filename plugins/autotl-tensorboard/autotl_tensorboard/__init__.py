"""Show the searches of autotl in TensorBoard."""
