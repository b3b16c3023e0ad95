"""figures room."""
