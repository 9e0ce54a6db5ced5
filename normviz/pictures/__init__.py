"""CIFAR-10 in memory, and pictures from outside."""
