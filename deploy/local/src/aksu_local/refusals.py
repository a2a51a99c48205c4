"""Why the local platform does not start, or not with what lies in its folder."""


class OtherBus(Exception):
    """The folder's data was made with the other bus; what waits on that one would be lost."""


class EarlierBuild(Exception):
    """The folder's databases were made by migrations that this build does not have, or has otherwise."""


class SampleRefused(Exception):
    """The registry did not take the sample data; the message carries its answer."""
