"""What is said of inspections, findings and prescriptions and must not be public."""
