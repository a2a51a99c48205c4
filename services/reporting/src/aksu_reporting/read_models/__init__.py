"""What reporting does with what it hears."""
