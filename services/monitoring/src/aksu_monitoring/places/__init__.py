"""Places, services and licences as others tell of them, and what they say of where an inspection is made."""
