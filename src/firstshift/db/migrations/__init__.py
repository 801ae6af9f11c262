"""Alembic's scripts: plain DDL, so that an old revision never changes when the code does."""
