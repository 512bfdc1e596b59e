"""Compare rankings of backbones by scores with their accuracies after training."""
