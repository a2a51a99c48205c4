"""What monitoring does, one module per use case."""
