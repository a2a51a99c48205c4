"""Where the floors write: a schema of their own in the registry's database."""

from typing import Final

POOL: Final = 10
"""Connections of each floor: as many as a service's pool has."""

TABLES: Final = """
CREATE SCHEMA bench;
CREATE TABLE bench.command (id uuid PRIMARY KEY, name text NOT NULL, body jsonb NOT NULL);
CREATE TABLE bench.outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state jsonb NOT NULL);
CREATE TABLE bench.answer (key text PRIMARY KEY, answer jsonb NOT NULL);
CREATE TABLE bench.event (
  source text, id text, subject text, sequence int, type text, data jsonb, PRIMARY KEY (source, id));
CREATE TABLE bench.imported (number int, cells jsonb);
"""
