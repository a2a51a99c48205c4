"""What licensing keeps of the registry's services and providers."""
