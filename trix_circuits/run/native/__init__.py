"""Machine code for this processor."""
