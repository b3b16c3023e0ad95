"""exoflow: exoskeleton controllers from simulation to device and back through a human trial."""

__version__ = "0.1.0"
