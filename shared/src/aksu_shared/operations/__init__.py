"""What every service answers to whoever runs the platform: the second application, beside the service's own routes."""
