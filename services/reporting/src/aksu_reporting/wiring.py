"""Reporting's HTTP routes."""

from fastapi import APIRouter

from aksu_reporting.api import freshness, services, territory

ROUTERS: tuple[APIRouter, ...] = (territory.router, services.router, freshness.router)
"""All under `/v1`."""
