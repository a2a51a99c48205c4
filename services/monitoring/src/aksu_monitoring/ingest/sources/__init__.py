"""Systems that push: their names, keys and signatures, and who sees what they pushed."""
