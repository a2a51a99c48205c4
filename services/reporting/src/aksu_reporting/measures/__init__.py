"""What the states of other services' aggregates mean for a report."""
