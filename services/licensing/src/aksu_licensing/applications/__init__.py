"""Applications for a licence, its renewal, change or termination, and the steps of their procedure."""
