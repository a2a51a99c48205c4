"""Use cases of the registry, one class per thing it keeps."""
