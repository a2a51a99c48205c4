"""What reporting's routes depend on."""

from typing import Annotated

from fastapi import Depends, Request

from aksu_shared.db.work import UnitOfWork
from aksu_shared.web.service import Api


async def get_api(request: Request) -> Api[UnitOfWork]:
    """The running service's parts."""
    api: Api[UnitOfWork] = request.app.state.api
    return api


ApiDep = Annotated[Api[UnitOfWork], Depends(get_api)]
