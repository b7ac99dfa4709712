"""One file per family of features. Each defines `FEATURES`; `features.families.catalogue` finds them."""
