"""Record searches of autotl in MLflow."""
