"""One folder per AWS service. Siblings never import each other; what they have in common lies in `core` and `flow`."""
