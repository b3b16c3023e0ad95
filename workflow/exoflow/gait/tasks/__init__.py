"""What a worn controller is trained for: what it observes, what it earns, where it starts."""
