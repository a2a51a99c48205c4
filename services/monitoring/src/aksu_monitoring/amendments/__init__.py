"""What follows for inspections from places, services and licences that become known later, and from an inspector's word."""
