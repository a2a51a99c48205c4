"""What every process serves and how: the server, its protocol, problem documents, health and metrics. No FastAPI."""
