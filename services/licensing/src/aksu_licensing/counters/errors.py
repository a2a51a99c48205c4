"""What is refused about numbers."""

from aksu_shared.kernel.errors import RuleBroken


class OrderNumberTaken(RuleBroken):
    """One order decides one case: another decision of that year has this number."""

    code = "order_number_taken"
    bg = "Заповед № {order_number} от {year} г. (order_number) вече е посочена за друго решение."
    en = "Order {order_number} of {year} (order_number) stands under another decision already."
    legal_basis = "чл. 151, ал. 1 ЗСУ"
