"""gait room."""
