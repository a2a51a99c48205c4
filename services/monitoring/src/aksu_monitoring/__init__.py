"""Monitoring: inspections, findings and prescriptions, and what other systems push about them."""
