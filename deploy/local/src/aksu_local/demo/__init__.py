"""`make demo`: the main job played against a fresh platform through its public interfaces, every step checked."""
