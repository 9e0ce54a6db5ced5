"""CIFAR-10: its ten classes, and what its pictures are standardised by."""

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MEAN = (0.4914, 0.4822, 0.4465)  # of the 50,000 training pictures, by channel, as fractions of 255
STD = (0.2470, 0.2435, 0.2616)
