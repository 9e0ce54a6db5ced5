"""Batch, group and layer normalization compared in three small CNNs trained on CIFAR-10."""
