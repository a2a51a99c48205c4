"""Why a process must not run as it was told to."""


class Unfit(Exception):
    """The process must not start. The message is for who operates it, in one line."""
