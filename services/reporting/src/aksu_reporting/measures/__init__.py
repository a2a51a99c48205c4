"""What is counted and how: each measure is defined once, for every report."""
