"""What follows for inspections from places, services and licences that become known after them."""
