"""What follows for inspections from what is known of their places later, and from an inspector's word."""
