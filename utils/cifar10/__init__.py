"""Flow matching on CIFAR-10 at full scale: ``python -m utils.cifar10 train|sample|evaluate``."""
