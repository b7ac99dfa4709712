"""The engines that run queries, and the hand-over of their results as numpy arrays."""
