"""Building blocks shared by recommenders."""
