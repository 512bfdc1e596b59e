"""Keep the searches of autotl in MLflow."""
