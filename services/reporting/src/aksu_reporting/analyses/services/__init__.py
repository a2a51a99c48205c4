"""Social services across the registers."""
