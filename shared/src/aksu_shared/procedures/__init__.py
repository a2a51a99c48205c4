"""What a feature's service is built on, and the one way by which an aggregate is moved on."""
