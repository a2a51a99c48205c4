"""Numbers without gaps, of licences and of incoming applications."""
