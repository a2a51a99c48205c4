"""Numbers without gaps, of licences and of incoming applications; numbers of orders, each once a year."""
