"""The effect of pushed events, in the order of their sequences."""
