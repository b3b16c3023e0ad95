"""CMA-ES searches with checkpoints that make a resumed run equal to an uninterrupted one."""
