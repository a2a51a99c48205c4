"""Which texts a database can hold."""


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL, which PostgreSQL refuses, nor half a surrogate pair, which is no UTF-8."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
