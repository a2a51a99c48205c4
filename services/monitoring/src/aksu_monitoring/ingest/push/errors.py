"""What a push refuses."""

from aksu_shared.kernel.errors import Malformed


class ItemsRefused(Malformed):
    """A pushed batch holds bad items; `items` has a result for each, and nothing is stored."""

    code = "items_refused"
    bg = "Отказани са {refused} от {total} събития. Нищо не е записано."
    en = "{refused} of {total} events are refused. Nothing is stored."


class TooManyItems(Malformed):
    """More events in one request than a batch may hold."""

    code = "too_many_items"
    bg = "Събитията в една заявка са най-много {limit}."
    en = "A request holds at most {limit} events."
