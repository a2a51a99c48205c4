"""What all four services of the platform share."""
