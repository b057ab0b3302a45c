"""Making a mapped network smaller."""
