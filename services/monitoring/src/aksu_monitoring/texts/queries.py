"""Restricted texts as columns of what they are about; null for who may not read them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, select
from sqlalchemy.sql import SQLColumnExpression

from aksu_monitoring.texts.tables import RestrictedTextTable as R


def newest_text(subject: SQLColumnExpression[UUID], kind: str) -> ScalarSelect[Any]:
    """The newest text of this kind about the row with this id."""
    texts = select(R.body).where(R.subject_id == subject, R.kind == kind)
    return texts.order_by(R.id.desc()).limit(1).scalar_subquery()
