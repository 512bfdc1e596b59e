"""Show searches of autotl in TensorBoard."""
