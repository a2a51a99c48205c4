"""Use cases of licensing, one class per thing it keeps."""
